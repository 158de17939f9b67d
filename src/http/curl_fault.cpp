#include "http/curl_fault.hpp"

#include "base/units.hpp"

#include <fmt/core.h>

#include <algorithm>
#include <array>
#include <cctype>
#include <cerrno>
#include <system_error>
#include <utility>

namespace rmqha::http {
namespace {

curl_off_t info(CURL* easy, CURLINFO what)
{
    curl_off_t value = 0;
    curl_easy_getinfo(easy, what, &value);
    return value;
}

long received_header_bytes(CURL* easy)
{
    long value = 0;
    curl_easy_getinfo(easy, CURLINFO_HEADER_SIZE, &value);
    return value;
}

int system_errno(CURL* easy)
{
    long value = 0;
    curl_easy_getinfo(easy, CURLINFO_OS_ERRNO, &value);
    return static_cast<int>(value);
}

std::string lower_first(std::string text)
{
    // "SSL certificate problem" must stay as it is: only a word, not an abbreviation, starts lower.
    if (text.size() > 1 && std::islower(static_cast<unsigned char>(text[1])) != 0) {
        text[0] = static_cast<char>(std::tolower(static_cast<unsigned char>(text[0])));
    }
    while (!text.empty() && (text.back() == '.' || std::isspace(static_cast<unsigned char>(text.back())) != 0)) {
        text.pop_back();
    }
    std::replace(text.begin(), text.end(), '\n', ' ');
    return text;
}

std::string system_text(int error, std::string_view otherwise)
{
    return error == 0 ? std::string(otherwise) : lower_first(std::generic_category().message(error));
}

/// OpenSSL's and curl's way of saying it on the left, a person's on the right.
std::string tls_reason(std::string const& details, CURLcode code)
{
    static constexpr std::array k_meanings{
        std::pair{"wrong version number", "the peer does not speak TLS"},
        std::pair{"packet length too long", "the peer does not speak TLS"},
        std::pair{"unable to get local issuer certificate", "certificate not signed by a trusted authority"},
        std::pair{"self-signed certificate", "certificate not signed by a trusted authority (self-signed)"},
        std::pair{"self signed certificate", "certificate not signed by a trusted authority (self-signed)"},
        std::pair{"certificate has expired", "certificate has expired"},
        std::pair{"certificate is not yet valid", "certificate is not yet valid"},
        std::pair{"certificate required", "the peer asks for a client certificate"},
        std::pair{"no alternative certificate subject name matches", "certificate is for another host name"},
        std::pair{"does not match target host name", "certificate is for another host name"},
        std::pair{"could not load PEM client certificate", "the client's certificate cannot be read"},
        std::pair{"unable to set private key file", "the client's key cannot be read"},
        std::pair{"SSL_ERROR_SYSCALL", "connection closed during the TLS handshake"},
        std::pair{"unexpected eof", "connection closed during the TLS handshake"},
    };
    for (auto const& [pattern, meaning] : k_meanings) {
        if (details.find(pattern) != std::string::npos) {
            return meaning;
        }
    }
    std::string text = details.empty() ? curl_easy_strerror(code) : details;
    if (auto const end = text.rfind("::"); text.find("error:") != std::string::npos && end != std::string::npos) {
        text = text.substr(end + 2); // "error:0A000410:SSL routines::sslv3 alert handshake failure"
    }
    return lower_first(text);
}

} // namespace

Fault timed_out(CURL* easy, std::string const& details, base::Duration waited)
{
    std::string missing = "no answer";
    if (info(easy, CURLINFO_PRETRANSFER_TIME_T) > 0) {
        if (received_header_bytes(easy) > 0 || info(easy, CURLINFO_SIZE_DOWNLOAD_T) > 0) {
            missing = "answer not complete";
        }
    } else if (info(easy, CURLINFO_NAMELOOKUP_TIME_T) == 0) {
        missing = "host name not resolved";
    } else {
        // curl tells only in its text whether TCP was through when TLS was not
        missing = details.find("SSL") != std::string::npos ? "no TLS handshake" : "no connection";
    }
    return {FaultKind::timed_out, fmt::format("{} within {}", missing, base::format_duration(waited)), waited};
}

Fault fault_of(CURL* easy, CURLcode code, std::string const& details, base::milliseconds limit)
{
    switch (code) {
    case CURLE_OPERATION_TIMEDOUT:
        return timed_out(easy, details, limit);
    case CURLE_COULDNT_RESOLVE_HOST:
        return {FaultKind::unknown_host, "host name not known", {}};
    case CURLE_COULDNT_CONNECT: {
        int const error = system_errno(easy);
        if (error == ECONNREFUSED) {
            return {FaultKind::refused, "refused", {}};
        }
        if (error == ETIMEDOUT) {
            return {FaultKind::timed_out, "no connection (timed out by the system)", {}};
        }
        return {FaultKind::lost, system_text(error, "no connection"), {}};
    }
    case CURLE_GOT_NOTHING:
        return {FaultKind::lost, "closed without an answer", {}};
    case CURLE_PARTIAL_FILE:
        return {FaultKind::lost, "closed in the middle of the answer", {}};
    case CURLE_SEND_ERROR:
    case CURLE_RECV_ERROR:
        return {FaultKind::lost, system_text(system_errno(easy), "connection lost"), {}};
    case CURLE_UNSUPPORTED_PROTOCOL: // also an answer without a status line, which curl takes for HTTP/0.9
    case CURLE_WEIRD_SERVER_REPLY:
        return {FaultKind::protocol, "the peer does not speak HTTP", {}};
    case CURLE_WRITE_ERROR:
    case CURLE_FILESIZE_EXCEEDED:
        return {FaultKind::protocol, "answer larger than 256 MiB", {}};
    case CURLE_SSL_CONNECT_ERROR:
    case CURLE_SSL_CERTPROBLEM:
    case CURLE_SSL_CIPHER:
    case CURLE_PEER_FAILED_VERIFICATION:
    case CURLE_SSL_ENGINE_NOTFOUND:
    case CURLE_SSL_ENGINE_SETFAILED:
    case CURLE_SSL_CACERT_BADFILE:
    case CURLE_SSL_SHUTDOWN_FAILED:
    case CURLE_SSL_CRL_BADFILE:
    case CURLE_SSL_ISSUER_ERROR:
    case CURLE_SSL_CLIENTCERT:
        return {FaultKind::tls, tls_reason(details, code), {}};
    default:
        return {FaultKind::protocol, lower_first(details.empty() ? curl_easy_strerror(code) : details), {}};
    }
}

} // namespace rmqha::http
