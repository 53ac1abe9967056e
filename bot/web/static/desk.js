// Small helps on top of pages that work without them: keys in the queue, a spoken count, and copying a prepared text.
// Every word stands in the page, in the language of the colleague.
"use strict";

// j and k walk through the queue, but only while the focus is in it: nobody types a letter there by accident (WCAG 2.1.4).
document.addEventListener("keydown", (event) => {
  const list = document.activeElement?.closest(".meldingen");
  const step = { j: 1, ArrowDown: 1, k: -1, ArrowUp: -1 }[event.key];
  if (!list || !step || event.ctrlKey || event.altKey || event.metaKey) return;
  const links = [...list.querySelectorAll(".rij__link")];
  const here = links.indexOf(document.activeElement);
  const next = links[here < 0 ? 0 : Math.min(Math.max(here + step, 0), links.length - 1)];
  event.preventDefault();
  next?.focus();
  next?.closest(".rij").scrollIntoView({ block: "nearest" });
});

// On a phone the queues are a strip: begin it where the colleague is.
const current = document.querySelector(".wachtrijen [aria-current]");
if (current) current.closest("ul").scrollLeft = current.offsetLeft - 16;

// On a melding one key does what the button that carries it does; "c3" is c, then 3. Never while somebody types, and a
// colleague can switch it off (WCAG 2.1.4).
const OFF = "wijkbalie-toetsen-uit";
const toggle = document.getElementById("toetsen-aan");
const keysWords = { on: toggle?.textContent, off: toggle?.dataset.uit };
const keysAreOn = () => localStorage.getItem(OFF) === null;
const showToggle = () => {
  toggle.textContent = keysAreOn() ? keysWords.on : keysWords.off;
  toggle.setAttribute("aria-pressed", keysAreOn());
};
if (toggle) {
  toggle.hidden = false;
  showToggle();
  toggle.addEventListener("click", () => {
    if (keysAreOn()) localStorage.setItem(OFF, "1");
    else localStorage.removeItem(OFF);
    showToggle();
  });
}
let pressedBefore = "";
document.addEventListener("keydown", (event) => {
  const typing = event.target.closest("input:not([type=checkbox], [type=radio]), textarea, select, .meldingen");
  if (typing || !keysAreOn() || event.ctrlKey || event.altKey || event.metaKey || event.key.length !== 1) return;
  const find = (keys) => document.querySelector(`[data-toets="${CSS.escape(keys)}"]`);
  const target = find(pressedBefore + event.key) ?? find(event.key);
  pressedBefore = target?.tagName === "SUMMARY" ? event.key : "";
  if (!target) return;
  event.preventDefault();
  target.focus();
  target.click();
});

// Tell people who listen to the page that the queue became longer or shorter, and everybody who looks at another tab.
let announced = document.getElementById("aantal")?.textContent;
document.addEventListener("htmx:after:swap", () => {
  const count = document.getElementById("aantal")?.textContent;
  const speaker = document.getElementById("omgeroepen");
  if (!speaker || count === undefined || count === announced) return;
  announced = count;
  const title = document.querySelector("h1").firstChild.textContent.trim();
  speaker.textContent = `${title}: ${count}`;
  document.title = `(${count}) ${title} – Wijkbalie`;
});

for (const button of document.querySelectorAll("[data-kopieer]")) {
  if (!navigator.clipboard) continue;
  button.hidden = false;
  button.addEventListener("click", async () => {
    const text = document.getElementById(button.dataset.kopieer);
    text.select();
    await navigator.clipboard.writeText(text.value);
    button.textContent = button.dataset.klaar;
  });
}

// The message box: how much room is left, and a building block put in at once.
for (const box of document.querySelectorAll("[data-meter]")) {
  const meter = document.getElementById("bericht-meter");
  const room = Number(box.dataset.meter);
  const show = () => {
    const left = room - box.value.length;
    meter.textContent = left < 0 ? box.dataset.teLang.replace("{aantal}", -left) : left < 80 ? box.dataset.nog.replace("{aantal}", left) : "";
    meter.classList.toggle("te-laat", left < 0);
  };
  box.addEventListener("input", show);
  const blocks = document.querySelector(`[data-bouwsteen="${box.id}"]`);
  blocks?.nextElementSibling?.addEventListener("click", (event) => {
    event.preventDefault();
    const text = blocks.selectedOptions[0]?.dataset.tekst;
    if (text) box.value = [box.value.trim(), text].filter(Boolean).join(" ");
    box.focus();
    show();
  });
}

// News from the server. A list asks for itself again, a little spread so that a hundred desks do not ask at once; the page of
// a melding says who else looks or types, and that there is news: what somebody is typing is never replaced.
if (document.body.dataset.stroom) {
  const here = document.getElementById("aanwezig");
  const typing = document.getElementById("typt");
  let looking = [];
  let isOld = false;
  const say = (speaker, sentences) => {
    const text = sentences.join(" ");
    if (speaker && speaker.textContent !== text) speaker.textContent = text; // what was said already is not said again
  };
  const about = (names, words) => names.map((name) => words.replace("{wie}", () => name));
  const tell = () => here && say(here, [...about(looking, here.dataset.kijkt), ...(isOld ? [here.dataset.nieuws] : [])]);
  const meet = (names) => {
    looking = names.kijkt;
    tell();
    say(typing, [...about(names.antwoord, typing.dataset.antwoord), ...about(names.notitie, typing.dataset.notitie)]);
  };
  const FIRST_PAUSE = 5_000;
  const LONGEST_PAUSE = 300_000;
  let pause = FIRST_PAUSE;
  let wasAway = false;
  let waiting;
  let stream;
  const refresh = () => {
    clearTimeout(waiting);
    waiting = setTimeout(() => document.getElementById("werkblad") && window.htmx?.trigger("#werkblad", "nieuws"), Math.random() * 500);
  };
  const listen = () => {
    stream = new EventSource(document.body.dataset.stroom);
    stream.addEventListener("open", () => {
      pause = FIRST_PAUSE;
      if (wasAway) refresh(); // what came meanwhile was told to nobody here
      wasAway = false;
    });
    stream.addEventListener("nieuws", refresh);
    stream.addEventListener("aanwezig", (event) => meet(JSON.parse(event.data)));
    stream.addEventListener("versie", (event) => {
      isOld = here?.dataset.versie !== event.data;
      tell();
    });
    // Who is here now, nobody knows. The browser asks again by itself, unless the answer was no stream: the server or its
    // database is away, or the session is over.
    stream.addEventListener("error", () => {
      wasAway = true;
      if (here) meet({ kijkt: [], antwoord: [], notitie: [] });
      if (stream.readyState !== EventSource.CLOSED) return;
      setTimeout(listen, pause * (1 + Math.random()));
      pause = Math.min(2 * pause, LONGEST_PAUSE);
    });
  };
  listen();
  window.addEventListener("pagehide", () => stream.close());
}

// Colleagues on the same melding hear that somebody types, and in which box. What is typed stays here.
const TELL_EVERY = 3000;
for (const box of document.querySelectorAll("[data-typt]")) {
  let toldAt = -TELL_EVERY;
  box.addEventListener("input", async (event) => {
    if (event.timeStamp - toldAt < TELL_EVERY) return;
    toldAt = event.timeStamp;
    const words = new URLSearchParams({ csrf: box.form.elements.csrf.value, vak: box.dataset.typt });
    try {
      await fetch(document.body.dataset.stroom, { method: "POST", body: words });
    } catch {
      // No connection: colleagues do not see it this time, and what is typed is not touched.
    }
  });
}
