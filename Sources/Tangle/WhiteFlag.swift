/// The order in which a milestone references blocks (TIP-2): depth first, parents before the block, from the
/// milestone's parents in their order.
///
/// `parentsOf` gives a block's parents, or nil for one that is already referenced or a solid entry point: those and
/// what is behind them are left out.
package func whiteFlagOrder(from parents: [BlockID], parentsOf: (BlockID) -> [BlockID]?) -> [BlockID] {
    var order: [BlockID] = []
    var seen: Set<BlockID> = []
    // A stack of our own: the depth of a cone is chosen by whoever sends blocks.
    var stack: [(id: BlockID, parents: [BlockID], next: Int)] = []

    func enter(_ id: BlockID) {
        guard !seen.contains(id), let parents = parentsOf(id) else { return }
        seen.insert(id)
        stack.append((id, parents, 0))
    }

    for parent in parents {
        enter(parent)
        while let top = stack.last {
            if top.next < top.parents.count {
                stack[stack.count - 1].next += 1
                enter(top.parents[top.next])
            } else {
                order.append(top.id)
                stack.removeLast()
            }
        }
    }
    return order
}
