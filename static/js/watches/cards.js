/** A list of which only the cards that changed are built again: what somebody types or has opened in the others stays. */

export class Cards {
  /** @param {Element} place @param {(item: any, ...more: any[]) => Element} build */
  constructor(place, build) {
    this.place = place;
    this.build = build;
    /** @type {Map<number, {state: string, node: Element}>} by the items' ids */
    this.cards = new Map();
  }

  /** @param {any[]} items @param {(item: any) => any} [context] what else a card depends on */
  show(items, context = () => null) {
    const before = this.cards;
    this.cards = new Map();
    let next = this.place.firstElementChild;
    for (const item of items) {
      const more = context(item), state = JSON.stringify([item, more]), card = before.get(item.id);
      const node = card?.state === state ? card.node : this.build(item, more);
      this.cards.set(item.id, { state, node });
      if (card && card.node !== node) {
        if (next === card.node) next = next.nextElementSibling;
        card.node.replaceWith(node);
      }
      if (node === next) next = next.nextElementSibling;
      else this.place.insertBefore(node, next);
    }
    for (const node of [...this.place.children]) if (![...this.cards.values()].some((card) => card.node === node)) node.remove();
  }
}
