#include "base/utf8.hpp"
#include "support/catch.hpp"

using namespace rmqha;

TEST_CASE("well-formed UTF-8 is told from other bytes")
{
    for (auto const* text : {"", "a", "\xc2\x80", "\xdf\xbf", "\xe0\xa0\x80", "\xed\x9f\xbf", "\xef\xbf\xbf",
                             "\xf0\x90\x80\x80", "\xf4\x8f\xbf\xbf"}) {
        CHECK(base::is_utf8(text));
    }
    CHECK(base::is_utf8(std::string_view("\0x", 2)));
    for (auto const* text :
         {"\x80", "\xc0\x80", "\xc1\xbf", "\xc2", "\xc2x", "\xe0\x9f\xbf", "\xed\xa0\x80", "\xe2\x82",
          "\xf0\x8f\xbf\xbf", "\xf4\x90\x80\x80", "\xf5\x80\x80\x80", "\xf0\x90\x80", "\xff", "a\xfe"}) {
        CAPTURE(text);
        CHECK_FALSE(base::is_utf8(text));
    }
}
