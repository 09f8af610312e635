/** The list of runs: selecting some for comparison, and the one click that starts the first. */

import { call } from "../api.js";
import { all, byId, sentence } from "../dom.js";
import { fillFigures } from "./figures.js";
import { gettext } from "../i18n.js";

const MAX_COMPARED = 6; // more lines are hard to tell apart

fillFigures();
/** @type {HTMLInputElement[]} */
const marks = all(".mark").filter((mark) => mark instanceof HTMLInputElement);
const compare = byId("compare");
for (const mark of marks) mark.addEventListener("change", marked);
if (compare) marked(); // a page restored from history keeps its check boxes

function marked() {
  const chosen = marks.filter((mark) => mark.checked).map((mark) => mark.value);
  const able = chosen.length >= 2 && chosen.length <= MAX_COMPARED;
  compare.setAttribute("aria-disabled", String(!able));
  compare.textContent = chosen.length > MAX_COMPARED ? gettext("At most %(count)s runs can be compared", { count: MAX_COMPARED }) : able ? gettext("Compare %(count)s runs", { count: chosen.length }) : gettext("Select two runs to compare");
  if (able) compare.href = `${compare.dataset.href}?runs=${chosen.join(",")}`;
  else compare.removeAttribute("href");
}

byId("first")?.addEventListener("click", async () => {
  byId("first").disabled = true;
  try {
    const { run } = await call("POST", "/api/v1/federation/runs", { spec: {}, start: true });
    location.assign(`/federation/${run}/`);
  } catch (error) {
    byId("trouble").hidden = false;
    byId("trouble").textContent = sentence(error);
    byId("first").disabled = false;
  }
});
