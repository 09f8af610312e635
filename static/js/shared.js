/** A conversation that somebody else shared: read, and nothing else. */

import { boot, byId, el } from "./dom.js";
import { gettext } from "./i18n.js";
import { TurnCard } from "./turns/card.js";

const { turns } = boot();
const cards = turns.map((turn) => new TurnCard(turn, null, []).element);
byId("turns").replaceChildren(...(cards.length ? cards : [el("p", { class: "empty" }, gettext("Nothing has been asked in this conversation."))]));
