// Small helps on top of pages that work without them: keys in the queue, a spoken count, and copying a prepared text.
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
    button.textContent = "Gekopieerd";
  });
}
