#include "base/error.hpp"
#include "messaging/header.hpp"
#include "support/catch.hpp"

#include <limits>

using namespace rmqha;
using messaging::parse_header;

namespace {

std::string refusal_of(std::string const& text)
{
    try {
        parse_header(text);
    } catch (base::Error const& error) {
        CHECK(error.code() == base::ExitCode::usage);
        CHECK_THAT(error.hint(), Catch::Contains("NAME:TYPE=VALUE"));
        return error.what();
    }
    return "accepted";
}

} // namespace

TEST_CASE("a header without a type is a string, all of what follows the first equals sign")
{
    CHECK(parse_header("a=b") == amqp::Field{"a", {std::string("b")}});
    CHECK(parse_header("a=") == amqp::Field{"a", {std::string()}});
    CHECK(parse_header("a=b=c:d") == amqp::Field{"a", {std::string("b=c:d")}});
    CHECK(parse_header("a=12") == amqp::Field{"a", {std::string("12")}});
}

TEST_CASE("a header's type decides what its value becomes")
{
    CHECK(parse_header("n:string=1") == amqp::Field{"n", {std::string("1")}});
    CHECK(parse_header("n:int=-12") == amqp::Field{"n", {std::int64_t{-12}}});
    CHECK(parse_header("n:int=-9223372036854775808") == amqp::Field{"n", {std::numeric_limits<std::int64_t>::min()}});
    CHECK(parse_header("n:double=-1.5e3") == amqp::Field{"n", {-1500.0}});
    CHECK(parse_header("n:bool=true") == amqp::Field{"n", {true}});
    CHECK(parse_header("n:bool=false") == amqp::Field{"n", {false}});
    CHECK(parse_header("n:timestamp=1700000000") == amqp::Field{"n", {amqp::Timestamp{1'700'000'000}}});
}

TEST_CASE("a name may contain colons when the type follows the last")
{
    CHECK(parse_header("a:b:int=3") == amqp::Field{"a:b", {std::int64_t{3}}});
}

TEST_CASE("what is no header is refused with the text and its fault")
{
    CHECK(refusal_of("abc") == "header \"abc\": it has no \"=\"");
    CHECK_THAT(refusal_of("=x"), Catch::Contains("1 to 255 bytes"));
    CHECK_THAT(refusal_of(":int=1"), Catch::Contains("1 to 255 bytes"));
    CHECK_THAT(refusal_of(std::string(256, 'n') + "=x"), Catch::Contains("1 to 255 bytes"));
    CHECK(parse_header(std::string(255, 'n') + "=x").name.size() == 255);
    CHECK_THAT(refusal_of("n:float=1"), Catch::Contains("no type \"float\""));
    CHECK_THAT(refusal_of("n:=1"), Catch::Contains("no type \"\""));
    for (auto const* const bad : {"n:int=", "n:int=1.5", "n:int=9223372036854775808", "n:int= 1", "n:int=1x"}) {
        CHECK_THAT(refusal_of(bad), Catch::Contains("not a whole number"));
    }
    CHECK_THAT(refusal_of("n:timestamp=-1"), Catch::Contains("not a whole number"));
    for (auto const* const bad : {"n:double=", "n:double=1,5", "n:double=1e999", "n:double=1x"}) {
        CHECK_THAT(refusal_of(bad), Catch::Contains("not a number"));
    }
    for (auto const* const bad : {"n:double=nan", "n:double=-inf"}) {
        CHECK_THAT(refusal_of(bad), Catch::Contains("finite numbers only"));
    }
    for (auto const* const bad : {"n:bool=", "n:bool=yes", "n:bool=TRUE"}) {
        CHECK_THAT(refusal_of(bad), Catch::Contains("neither true nor false"));
    }
}
