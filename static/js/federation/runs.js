/** The list of runs: marking some for comparison, and the one click that starts the first. */

import { call } from "../api.js";
import { byId, sentence } from "../dom.js";
import { fillFigures } from "./figures.js";

const MOST = 6; // more lines nobody can tell apart

fillFigures();
const marks = [...document.querySelectorAll(".mark")];
const compare = byId("compare");
for (const mark of marks) mark.addEventListener("change", marked);
if (compare) marked(); // a page that comes back from history keeps its marks

function marked() {
  const chosen = marks.filter((mark) => mark.checked).map((mark) => mark.value);
  const able = chosen.length >= 2 && chosen.length <= MOST;
  compare.setAttribute("aria-disabled", String(!able));
  compare.textContent = chosen.length > MOST ? `At most ${MOST} can be compared` : able ? `Compare ${chosen.length} runs` : "Mark two runs to compare";
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
