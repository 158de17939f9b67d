#include "http/curl_certificate.hpp"

#include <fmt/format.h>

#include <chrono>
#include <string_view>

namespace rmqha::http {
namespace {

/// Seconds since 1970; nothing when the transfer did not open its connection, or opened it without TLS.
std::optional<std::time_t> expiry_told_by(CURL* transfer)
{
    constexpr std::string_view k_key = "Expire date:";
    curl_certinfo* chain = nullptr;
    curl_easy_getinfo(transfer, CURLINFO_CERTINFO, &chain);
    if (chain == nullptr || chain->num_of_certs < 1) {
        return std::nullopt;
    }
    for (auto const* line = chain->certinfo[0]; line != nullptr; line = line->next) { // the server's own comes first
        std::string_view const text = line->data;
        if (text.starts_with(k_key)) {
            auto const time = curl_getdate(line->data + k_key.size(), nullptr);
            return time < 0 ? std::nullopt : std::optional(time);
        }
    }
    return std::nullopt;
}

std::string server_of(CURL* transfer)
{
    char const* address = nullptr;
    long port = 0;
    curl_easy_getinfo(transfer, CURLINFO_PRIMARY_IP, &address);
    curl_easy_getinfo(transfer, CURLINFO_PRIMARY_PORT, &port);
    return fmt::format("{} {}", address == nullptr ? "" : address, port);
}

} // namespace

std::optional<int> Certificates::days_left(CURL* transfer)
{
    auto const server = server_of(transfer);
    if (auto const expiry = expiry_told_by(transfer)) {
        m_expiries[server] = *expiry;
    }
    auto const known = m_expiries.find(server);
    if (known == m_expiries.end()) {
        return std::nullopt;
    }
    auto const left = std::chrono::system_clock::from_time_t(known->second) - std::chrono::system_clock::now();
    return static_cast<int>(std::chrono::floor<std::chrono::days>(left).count());
}

} // namespace rmqha::http
