// Room ProofOfWork.
