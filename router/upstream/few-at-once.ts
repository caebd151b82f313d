// What a tool server makes the router say beside its calls: it may ask as often as it likes, and gets so many answers at once. What it asks
// beyond that has none, or each of its words would be a connection and a wait here.

export type AtOnce = (act: () => Promise<unknown>) => void

/** `most`: that are under way. Acts that come meanwhile are left out. */
export function fewAtOnce(most: number): AtOnce {
  let underWay = 0
  return act => {
    if (underWay >= most) return
    underWay += 1
    void act().finally(() => {
      underWay -= 1
    })
  }
}

/** Of one stream. A server asks whether anybody is there now and then, and nobody can be asked for anything else. */
export const MOST_SAID = 8
