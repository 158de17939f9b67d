#include "base/encoding.hpp"
#include "support/catch.hpp"

#include <utility>

using namespace rmqha;

TEST_CASE("base64 is that of RFC 4648")
{
    std::pair<std::string, std::string> const pairs[] = {{"", ""},        {"f", "Zg=="},        {"fo", "Zm8="},
                                                         {"foo", "Zm9v"}, {"foob", "Zm9vYg=="}, {"fooba", "Zm9vYmE="}};
    for (auto const& [bytes, text] : pairs) {
        CHECK(base::to_base64(bytes) == text);
        CHECK(base::from_base64(text) == bytes);
    }
}

TEST_CASE("base64 of any bytes comes back, also beyond one step of the encoder")
{
    std::string bytes;
    for (std::size_t i = 0; i < (3U << 20U) + 7; ++i) {
        bytes.push_back(static_cast<char>(i * 7 + i / 256));
    }
    CHECK(base::from_base64(base::to_base64(bytes)) == bytes);
}

TEST_CASE("what is not base64 is told apart")
{
    for (auto const* text :
         {"Zg=", "Zg", "Z===", "Zm9v\n", " Zm9v", "Zm 9", "Z=9v", "Zg==Zg==", "Zm9-", "Zm9_", "Zh==", "===="}) {
        CAPTURE(text);
        CHECK_FALSE(base::from_base64(text));
    }
}

TEST_CASE("digests are those of their standards")
{
    auto const in_base64 = [](base::Hash hash, char const* text) { return base::to_base64(base::hashed(hash, text)); };
    CHECK(in_base64(base::Hash::md5, "abc") == "kAFQmDzST7DWlj99KOF/cg==");
    CHECK(in_base64(base::Hash::sha256, "abc") == "ungWv48Bz+pBQUDeXa4iI7ADYaOWF3qctBD/YfIAFa0=");
    CHECK(base::hashed(base::Hash::sha512, "").size() == 64);
}
