import Capture
import FacilityAPI
import HummingbirdCore
import HummingbirdTLS
import NIOSSL

extension GatewayConfiguration {
    var captureSettings: CaptureFlow.Settings {
        var settings = CaptureFlow.Settings()
        settings.snapshotMs = UInt64(clamping: log.snapshotEveryMs)
        settings.freeBytesMin = freeSpaceFloorBytes
        // With short periods the grace must not eat half of it.
        settings.sealGraceMs = UInt64(clamping: min(1_500, max(300, log.periodMs / 4)))
        return settings
    }
}

extension GatewayConfiguration.API {
    /// Plain on loopback, TLS 1.2 or newer with the configured files.
    func wire() throws -> ServerSettings.Wire {
        guard let certificatePath, let keyPath else { return .plain }
        let chain: [NIOSSLCertificateSource]
        do { chain = try NIOSSLCertificate.fromPEMFile(certificatePath).map { .certificate($0) } } catch {
            throw GatewayError.tls(path: certificatePath, why: "\(error)")
        }
        let key: NIOSSLPrivateKey
        do { key = try NIOSSLPrivateKey(file: keyPath, format: .pem) } catch {
            throw GatewayError.tls(path: keyPath, why: "\(error)")
        }
        var tls = TLSConfiguration.makeServerConfiguration(certificateChain: chain, privateKey: .privateKey(key))
        tls.minimumTLSVersion = .tlsv12
        return .tls(try .tls(.http1(), tlsConfiguration: tls))
    }
}
