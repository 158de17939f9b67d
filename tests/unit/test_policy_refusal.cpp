#include "policy/refusal.hpp"
#include "support/catch.hpp"

TEST_CASE("the broker's refusals become words")
{
    // Recorded from 3.10.8 and 4.0.5.
    auto const [reason, words] = GENERATE(table<std::string, std::string>({
        {"Validation failed\n\n[{&lt;&lt;\"nope\"&gt;&gt;,1}] are not recognised policy settings\n",
         "this broker does not know the key nope"},
        {"Validation failed\n\n[{<<\"ha-mode\">>,<<\"all\">>},{<<\"ha-params\">>,2}] are not recognised policy "
         "settings\n",
         "this broker does not know the keys ha-mode, ha-params"},
        {"Validation failed\n\n&lt;&lt;\"x\"&gt;&gt; is not a valid maximum length\n",
         "\"x\" is not a valid maximum length"},
        {"Validation failed\n\npattern should be regular expression but is invalid: {\"nothing to repeat\",0}\n",
         "pattern should be regular expression but is invalid: {\"nothing to repeat\",0}"},
        {"[{key_missing,pattern}]", "[{key_missing,pattern}]"},
        {"", ""},
    }));
    CHECK(rmqha::policy::refusal_in_words(reason) == words);
}
