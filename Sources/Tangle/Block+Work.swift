package import ProofOfWork

extension Block {
    /// What a miner works on; the nonce it finds belongs into `nonce`.
    package var work: BlockWork { BlockWork(head: head()) }

    /// The score of the block with the nonce it has.
    package var score: PoWScore {
        let work = work
        return PoWScore(zeros: work.zeros(nonce: nonce), sizeBytes: work.sizeBytes)
    }
}
