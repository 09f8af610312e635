/** One's batches, and the form of a new one: photos to choose, one question. */

import { call, upload } from "../api.js";
import { boot, byId, el, sentence } from "../dom.js";
import * as format from "../format.js";
import { gettext, LANGUAGE, ngettext } from "../i18n.js";
import { labels } from "../labels.js";
import { FolderSource } from "./folder-source.js";
import { LibrarySource } from "./library-source.js";
import { stateBadge } from "./words.js";

const PAGE = 60; // photos fetched at once
const SUGGESTIONS = [gettext("Is there a dog?"), gettext("What is in this photo?"), gettext("How many people are there?")];
const start = boot();
const source = new LibrarySource(start, draw, trouble), folder = new FolderSource(source.active ? [] : start.folders, start.most_photos, draw);
/** @type {Set<string>} ids of photos that are chosen here */
const chosen = new Set();
let offset = 0, busy = 0;

for (const batch of start.batches) byId("batches")?.append(row(batch));
byId("policy").append(...labels("policies").map(({ name, label }) => el("option", { value: name }, label)));
byId("suggestions")?.append(...SUGGESTIONS.map((text) => el("button", { type: "button", class: "small", onclick: () => suggest(text) }, text)));
byId("question").addEventListener("input", draw);
byId("more").addEventListener("click", load);
byId("add").addEventListener("click", () => byId("files").click());
byId("files").addEventListener("change", add);
byId("all").addEventListener("click", () => mark(true));
byId("none").addEventListener("click", () => mark(false));
byId("new").addEventListener("submit", submit);
if (source.active) source.show().catch((error) => trouble(sentence(error)));
else load();

function row(batch) {
  const { counts, bytes } = batch, created = new Date(batch.created).toLocaleString(LANGUAGE === "en-GB" ? undefined : LANGUAGE);
  return el("tr", {},
    el("th", { scope: "row", class: "wide" }, el("a", { href: `/batches/${batch.id}/` }, batch.question)),
    el("td", { "data-label": "" }, stateBadge(batch.state)),
    el("td", { "data-label": gettext("answered") }, gettext("%(done)s of %(all)s", { done: format.count(counts.answered), all: format.count(batch.total) })),
    el("td", { "data-label": gettext("failed") }, counts.failed ? format.count(counts.failed) : "–"),
    el("td", { class: "number", "data-label": gettext("over the link") }, format.bytes(bytes.link)),
    el("td", { class: "number", "data-label": gettext("created") }, el("time", { datetime: batch.created }, created)));
}

function suggest(text) {
  byId("question").value = text;
  byId("question").focus();
  draw();
}

async function load() {
  try {
    const { items, total } = await call("GET", `/api/v1/photos?limit=${PAGE}&offset=${offset}`);
    offset += items.length;
    byId("photos").append(...items.map((photo) => cell(photo)));
    byId("more").hidden = offset >= total;
  } catch (error) {
    trouble(sentence(error));
  }
  draw();
}

/** @param {any} photo @param {boolean} [checked] */
function cell(photo, checked = false) {
  if (checked) chosen.add(photo.id);
  const name = gettext("photo of %(width)s × %(height)s pixels", photo);
  const box = el("input", { type: "checkbox", value: photo.id, checked, "aria-label": gettext("Ask about the %(photo)s", { photo: name }), onchange: ({ target }) => choose(photo.id, target.checked) });
  return el("li", {}, el("label", {}, el("img", { src: `${photo.url}?small=1`, alt: "", loading: "lazy" }), box, photo.device && el("span", { class: "where" }, gettext("on %(device)s", photo))));
}

function choose(id, on) {
  if (on) chosen.add(id);
  else chosen.delete(id);
  draw();
}

function mark(on) {
  for (const box of byId("photos").querySelectorAll("input")) {
    box.checked = on;
    choose(box.value, on);
  }
}

/** Upload one file after the other; those that are refused are named and the others stay. */
async function add() {
  const files = [...byId("files").files], refused = [];
  byId("files").value = "";
  for (const file of files) {
    const place = el("li", { class: "uploading" }, file.name);
    byId("photos").prepend(place);
    busy += 1;
    draw();
    try {
      const photo = await upload(file, "", (share) => (place.textContent = `${file.name} ${format.percent(share)}`)).done;
      place.replaceWith(cell(photo, true));
      offset += 1;
    } catch (error) {
      place.remove();
      refused.push(`${file.name}: ${sentence(error)}`);
    }
    busy -= 1;
  }
  trouble(refused.join(" "));
  draw();
}

function draw() {
  const none = !byId("photos").children.length;
  byId("no-photos").hidden = !none;
  byId("all").disabled = byId("none").disabled = none;
  const count = source.active ? source.count : folder.active ? folder.count : chosen.size, over = count > start.most_photos;
  for (const place of ["chosen", "from-library-count"]) {
    byId(place).textContent = over ? gettext("%(count)s chosen; a batch has at most %(limit)s", { count: format.count(count), limit: format.count(start.most_photos) })
      : ngettext("%(count)s chosen", "%(count)s chosen", count, { count: format.count(count) });
  }
  byId("start").disabled = !count || over || busy > 0 || !byId("question").value.trim();
}

async function submit(event) {
  event.preventDefault();
  byId("start").disabled = true;
  try {
    const photos = source.active ? source.body() : folder.active ? folder.body() : { photos: [...chosen] };
    const body = { question: byId("question").value, ...photos, policy: byId("policy").value, fresh: byId("fresh").checked };
    const { id } = await call("POST", "/api/v1/batches", body);
    location.assign(`/batches/${id}/`);
  } catch (error) {
    trouble(sentence(error));
    draw();
  }
}

function trouble(text) {
  byId("trouble").hidden = !text;
  byId("trouble").textContent = text;
}
