/** How a question is to be answered: device, route and policy. Quiet, since leaving it alone is the rule. */

import { byId, el } from "./dom.js";
import { shortWords } from "./nodes/words.js";

const ROUTES = { "": "choose for me", device: "all on the device", split: "split", edge: "send the photo to the edge" };
const POLICIES = { fastest: "fastest", private: "private", best: "most accurate" };
const HINTS = {
  fastest: "The quickest way that gives up little accuracy.",
  private: "The photo never leaves the device.",
  best: "The quickest way that gives up no accuracy.",
};
const REMEMBERED = "isthmus.how";

export class How {
  /** @param {string[]} policies @param {() => any[]} devices @param {() => void} onChange */
  constructor(policies, devices, onChange) {
    this.devices = devices;
    const kept = remembered();
    fill(byId("route"), Object.entries(ROUTES), kept.route);
    fill(byId("policy"), policies.map((name) => [name, POLICIES[name] ?? name]), kept.policy);
    this.offer(kept.node);
    byId("way").addEventListener("change", () => this.say());
    for (const id of ["node", "route", "policy"]) {
      byId(id).addEventListener("change", () => {
        this.say();
        localStorage.setItem(REMEMBERED, JSON.stringify(this.value()));
        onChange();
      });
    }
    byId("node").addEventListener("focus", () => this.offer(byId("node").value));
    this.say();
  }

  /** As POST /api/v1/turns takes it. */
  value() {
    return { node: byId("node").value || null, route: byId("route").value || null, policy: byId("policy").value };
  }

  offer(chosen) {
    const devices = this.devices().map((node) => [node.slug, `${node.slug} (${shortWords(node)})`]);
    fill(byId("node"), [["", "choose for me"], ...devices], chosen);
    this.say();
  }

  say() {
    const { node, route, policy } = this.value();
    const near = byId("way").value && `uploads ${byId("way").selectedOptions[0].text}`;
    const words = [node ?? "any device", route ? ROUTES[route] : "any route", POLICIES[policy] ?? policy, near];
    byId("how-words").textContent = words.filter(Boolean).join(" · ");
    byId("how-hint").textContent = HINTS[policy] ?? "";
  }
}

function fill(select, options, chosen) {
  select.replaceChildren(...options.map(([value, words]) => el("option", { value, selected: value === (chosen ?? "") }, words)));
}

function remembered() {
  try {
    return JSON.parse(localStorage.getItem(REMEMBERED) ?? "{}");
  } catch {
    return {};
  }
}
