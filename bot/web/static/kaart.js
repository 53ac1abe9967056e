// The map of /kaart: drawn from the list beside it, so that both always tell the same. Without scripts the list is all there is.
// Only places and borders are drawn here; words of residents stay in the list and are copied from it as text.
"use strict";

const box = document.getElementById("kaart");
const PIN_PIXELS = 34; // meldingen that would lie closer together share one pin
const BUURT_ZOOM = 14; // from here on there is room for the names of buurten
const NEAR_ZOOM = 17;

const RAISED = { "rij--noodgeval": "noodgeval", "rij--spoed": "hoog" };

const points = [...document.querySelectorAll("[data-lat]")].map((row) => ({
  row,
  at: L.latLng(Number(row.dataset.lat), Number(row.dataset.lon)),
  urgency: RAISED[row.className],
}));

const words = (text, tag = "span") => {
  const part = document.createElement(tag);
  part.textContent = text;
  return part;
};

const name = (text, className) =>
  L.tooltip({ permanent: true, direction: "center", className: `plattegrond__naam ${className}`, opacity: 1 }).setContent(words(text));

const story = (group) => {
  const list = document.createElement("ul");
  list.className = "plattegrond__ballon";
  for (const { row } of group) {
    const item = document.createElement("li");
    item.append(row.querySelector("a").cloneNode(true));
    list.append(item);
  }
  return list;
};

const pin = (group) => {
  const worst = ["noodgeval", "hoog"].find((urgency) => group.some((point) => point.urgency === urgency)) ?? "gewoon";
  const sign = group.length > 1 ? group.length : worst === "gewoon" ? "" : "!";
  const icon = L.divIcon({ className: `speld speld--${worst}`, html: words(sign), iconSize: [30, 30] });
  // The list is the way for the keyboard: hundreds of pins in the order of the tab key help nobody.
  const marker = L.marker(group[0].at, { icon, keyboard: false, zIndexOffset: worst === "noodgeval" ? 1000 : 0 });
  marker.bindPopup(() => story(group), { closeButton: false, maxHeight: 240 });
  for (const point of group) point.marker = marker;
  return marker;
};

// The list has danger and haste first, so a shared pin stands where the worst of its meldingen is.
const drawPins = (map, layer) => {
  const groups = [];
  for (const point of points) {
    const spot = map.project(point.at);
    const near = groups.find((group) => group.spot.distanceTo(spot) < PIN_PIXELS);
    if (near) near.points.push(point);
    else groups.push({ spot, points: [point] });
  }
  layer.clearLayers();
  for (const group of groups) layer.addLayer(pin(group.points));
};

const drawGround = (map, ground) => {
  const wijken = L.featureGroup();
  for (const { naam, grens } of ground.wijken) {
    const chosen = naam === box.dataset.wijk ? " plattegrond__wijk--gekozen" : "";
    const border = L.polygon(grens, { className: `plattegrond__wijk${chosen}`, interactive: false });
    wijken.addLayer(border.bindTooltip(name(naam, "plattegrond__naam--wijk")));
    if (chosen) map.fitBounds(border.getBounds());
  }
  if (!box.dataset.wijk) map.fitBounds(wijken.getBounds());
  wijken.addTo(map);
  const buurten = L.layerGroup(ground.buurten.map(({ naam, punt }) => name(naam, "plattegrond__naam--buurt").setLatLng(punt)));
  const showNames = () => (map.getZoom() >= BUURT_ZOOM ? buurten.addTo(map) : buurten.remove());
  map.on("zoomend", showNames);
  showNames();
};

const drawTiles = (map) => {
  const source = words(box.dataset.bron).innerHTML;
  L.tileLayer(box.dataset.tegels, { attribution: source, className: "plattegrond__tegels" }).addTo(map);
};

const offerToShow = (map) => {
  for (const point of points) {
    const button = words(`${box.dataset.tonen} `, "button");
    button.type = "button";
    button.className = "knopje";
    const which = words(point.row.querySelector("b").textContent);
    which.className = "alleen-gehoord";
    button.append(which);
    point.row.append(button);
    button.addEventListener("click", () => {
      map.setView(point.at, Math.max(map.getZoom(), NEAR_ZOOM), { animate: false });
      point.marker.openPopup();
      box.scrollIntoView({ block: "nearest" });
    });
  }
};

const draw = async () => {
  const answer = await fetch(box.dataset.gebied);
  if (!answer.ok) return; // the session is over: the next click leads to the login
  const ground = await answer.json();
  const moves = !matchMedia("(prefers-reduced-motion: reduce)").matches;
  box.hidden = false;
  const zoomSnap = box.dataset.tegels ? 1 : 0.25; // drawn borders stay sharp at every zoom, pictures do not
  const map = L.map(box, { zoomControl: false, minZoom: 10, maxZoom: 19, zoomSnap, zoomAnimation: moves, fadeAnimation: moves });
  map.attributionControl.setPrefix(false).addAttribution(box.dataset.grenzen);
  L.control.zoom({ zoomInTitle: box.dataset.inzoomen, zoomOutTitle: box.dataset.uitzoomen }).addTo(map);
  drawGround(map, ground);
  if (box.dataset.tegels) drawTiles(map);
  const pins = L.layerGroup().addTo(map);
  map.on("zoomend", () => drawPins(map, pins));
  drawPins(map, pins);
  offerToShow(map);
};

draw();
