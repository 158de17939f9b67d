#include "audit/password.hpp"

#include "base/encoding.hpp"

#include <array>
#include <map>

namespace rmqha::audit {
namespace {

constexpr std::size_t k_salt = 4; ///< bytes

constexpr std::array k_guesses{"guest", "admin",  "password", "rabbitmq", "rabbit",  "changeme", "secret", "test",
                               "user",  "123456", "root",     "bitnami",  "default", "passw0rd", "pass",   ""};

} // namespace

std::optional<bool> has_password(management::User const& user, std::string const& password)
{
    static std::map<std::string, base::Hash> const k_kinds{{"rabbit_password_hashing_md5", base::Hash::md5},
                                                           {"rabbit_password_hashing_sha256", base::Hash::sha256},
                                                           {"rabbit_password_hashing_sha512", base::Hash::sha512}};
    auto const kind = k_kinds.find(user.hashing);
    auto const stored = base::from_base64(user.password_hash);
    if (kind == k_kinds.end() || !stored || stored->size() <= k_salt) {
        return std::nullopt;
    }
    auto const hash = base::hashed(kind->second, stored->substr(0, k_salt) + password);
    return hash.empty() ? std::nullopt : std::optional(hash == stored->substr(k_salt));
}

std::optional<bool> has_guessable_password(management::User const& user)
{
    auto result = has_password(user, user.name);
    for (auto const* const guess : k_guesses) {
        if (result && !*result) {
            result = has_password(user, guess);
        }
    }
    return result;
}

} // namespace rmqha::audit
