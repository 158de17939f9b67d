#include "base/error.hpp"
#include "policy/key.hpp"
#include "support/catch.hpp"

using namespace rmqha;
using policy::problems_of;
using policy::value_of;

TEST_CASE("a written value becomes what its key takes")
{
    auto const [key, text, json] = GENERATE(table<std::string, std::string, std::string>({
        {"max-length", "100", "100"},
        {"overflow", "reject-publish", "\"reject-publish\""},
        {"overflow", "\"reject-publish\"", "\"reject-publish\""},
        {"dead-letter-routing-key", "17", "\"17\""}, // a string, whatever it looks like
        {"max-age", "7D", "\"7D\""},
        {"ha-params", "2", "2"},
        {"ha-params", "rabbit@a,rabbit@b", R"(["rabbit@a","rabbit@b"])"},
        {"ha-params", R"(["rabbit@a"])", R"(["rabbit@a"])"},
        {"of-a-plugin", "yes", "\"yes\""},
        {"of-a-plugin", "[1,2]", "[1,2]"},
    }));
    CAPTURE(key, text);
    CHECK(value_of(key, text) == json);
}

TEST_CASE("a value that its key does not take is refused in words")
{
    CHECK_THROWS_WITH(value_of("max-length", "many"), "max-length: \"many\" is not a whole number of at least 0");
    CHECK_THROWS_WITH(value_of("max-length", "-1"), "max-length: \"-1\" is not a whole number of at least 0");
    CHECK_THROWS_WITH(value_of("max-length", "1.5"), "max-length: \"1.5\" is not a whole number of at least 0");
    CHECK_THROWS_WITH(value_of("max-length", "99999999999999999999"),
                      "max-length: \"99999999999999999999\" is not a whole number of at least 0");
    CHECK_THROWS_WITH(value_of("expires", "0"), "expires: \"0\" is not a whole number of at least 1");
    CHECK_THROWS_WITH(value_of("max-age", "7"),
                      "max-age: \"7\" is not a number with a unit of Y, M, D, h, m, s, such as 7D");
    CHECK_THROWS_WITH(value_of("overflow", "reject-publsh"),
                      "overflow: \"reject-publsh\" is not one of drop-head, reject-publish, reject-publish-dlx");
    try {
        value_of("overflow", "drop-haed");
        FAIL("taken");
    } catch (base::Error const& error) {
        CHECK(error.hint() == "Did you mean \"drop-head\"?");
        CHECK(error.code() == base::ExitCode::usage);
    }
}

TEST_CASE("a definition is checked as a whole")
{
    using Problems = std::vector<std::string>;
    auto const check = [](management::PolicyDefinition const& definition) { return problems_of(definition, {}); };
    CHECK(check({{"max-length", "1"}}).empty());
    CHECK(check({}) == Problems{"the definition is empty"});
    CHECK(check({{"max-lenght", "1"}}) == Problems{"\"max-lenght\": no such key. Did you mean \"max-length\"?"});
    CHECK(problems_of({{"of-a-plugin", "1"}}, {.allow_unknown = true}).empty());
    CHECK(check({{"ha-sync-mode", "\"manual\""}}) == Problems{"ha-sync-mode: goes only with ha-mode"});
    CHECK(check({{"ha-mode", "\"all\""}, {"ha-params", "2"}}) == Problems{"ha-params: ha-mode all takes none"});
    CHECK(check({{"ha-mode", "\"exactly\""}}) == Problems{"ha-params: ha-mode exactly takes a number of copies"});
    CHECK(check({{"ha-mode", "\"nodes\""}, {"ha-params", "2"}}) ==
          Problems{"ha-params: ha-mode nodes takes a list of node names"});
    CHECK(check({{"ha-mode", "\"nodes\""}, {"ha-params", "[\"rabbit@a\"]"}}).empty());
    CHECK(problems_of({{"queue-mode", "\"lazy\""}}, {.kind = management::PolicyKind::operator_policy}) ==
          Problems{"queue-mode: an operator policy may not have it"});
}
