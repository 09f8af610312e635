/** A long list in parts that one request may have. @template T @param {T[]} items @param {number} most @returns {T[][]} */
export function inParts(items, most) {
  return Array.from({ length: Math.ceil(items.length / most) }, (_, index) => items.slice(index * most, (index + 1) * most));
}
