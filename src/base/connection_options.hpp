#pragma once

#include <string>

namespace rmqha::base {

/// TLS, for AMQP and HTTPS alike. Verification of peer and host name is on unless `insecure`.
struct TlsOptions {
    bool enabled = false;
    std::string cacert;      ///< PEM file of trusted authorities; empty: the system's
    std::string cert;        ///< PEM file of the client's certificate chain
    std::string key;         ///< PEM file of the client's key
    std::string server_name; ///< name to verify and send (SNI); empty: the host connected to
    bool insecure = false;   ///< verify nothing
};

/// Who logs in. `external` means SASL EXTERNAL: the client certificate is the identity and the password unused.
struct Credentials {
    std::string user;
    std::string password;
    bool external = false;
};

} // namespace rmqha::base
