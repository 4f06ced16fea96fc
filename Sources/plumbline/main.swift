import ArgumentParser
struct P: ParsableCommand {}
P.main()
