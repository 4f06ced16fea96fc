/// Why a witness cannot go on. `description` says what to do.
package enum WitnessError: Error, Equatable, CustomStringConvertible {
    /// A file of the store cannot be read or written; `errno` is the system's.
    case file(path: String, doing: String, errno: Int32)
    /// What was remembered cannot be read: signing on would be signing without memory.
    case memoryDamaged(path: String)
    /// There is a key, so this witness has signed before, and its memory is gone.
    case memoryMissing(path: String)
    case keyDamaged(path: String)
    /// No note can carry this name.
    case badName(String)
    /// Another process holds the store.
    case held(path: String)
    /// A test made this step fail.
    case injected

    package var description: String {
        switch self {
        case .file(let path, let doing, let errno):
            "\(path) cannot \(doing) (errno \(errno)); check owner, mode and disk"
        case .memoryDamaged(let path):
            "\(path) is not a checkpoint this witness kept; restore the store from its backup, or begin a new store with a new key"
        case .memoryMissing(let path):
            "\(path) is gone but the key is there; restore the store from its backup, or begin a new store with a new key"
        case .keyDamaged(let path): "\(path) is not a witness key; restore it from the backup"
        case .badName(let name): "'\(name)' cannot name a witness; use no spaces and no +, for example watch.example/w1"
        case .held(let path): "\(path) is held by another plumbline-watch; stop it first, or name another store"
        case .injected: "a step failed on purpose"
        }
    }
}
