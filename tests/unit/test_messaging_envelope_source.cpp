#include "base/error.hpp"
#include "messaging/envelope_source.hpp"
#include "support/catch.hpp"

#include <unistd.h>

using namespace rmqha;
using messaging::KeyTemplate;
using messaging::Message;
using messaging::Next;
using messaging::Source;

namespace {

/// The lines of `text`, from a pipe that ends after it.
std::unique_ptr<Source> lines(std::string const& text)
{
    int ends[2];
    REQUIRE(::pipe(ends) == 0);
    base::Fd reading(ends[0]);
    base::Fd const writing(ends[1]);
    REQUIRE(::write(writing.get(), text.data(), text.size()) == static_cast<ssize_t>(text.size()));
    return messaging::make_record_source(std::move(reading), {.routing_key = "unused"}, {.limit = 10'000});
}

std::unique_ptr<Source> envelopes(std::string const& text, std::string const& key = "")
{
    return messaging::make_envelope_source(lines(text), {.exchange = "e", .routing_key = key}, KeyTemplate(key));
}

/// "key=body" of each message until the end.
std::vector<std::string> all_of(Source& source)
{
    std::vector<std::string> messages;
    for (Message message; source.next(message) == Next::message;) {
        messages.push_back(message.routing_key + "=" + message.body);
    }
    return messages;
}

std::vector<std::string> left_over_of(Source& source)
{
    std::vector<std::string> messages;
    for (Message message; source.left_over(message);) {
        messages.push_back(message.routing_key + "=" + message.body);
    }
    return messages;
}

std::string error_of(Source& source)
{
    try {
        all_of(source);
    } catch (base::Error const& error) {
        CHECK(error.code() == base::ExitCode::data);
        return error.what();
    }
    FAIL("no error");
    return {};
}

using Messages = std::vector<std::string>;

} // namespace

TEST_CASE("each line is an envelope, blank ones are passed over but counted")
{
    auto const source = envelopes("{\"body\":\"1\"}\n\n \t\r\n{\"body\":\"2\",\"routing_key\":\"own\"}\n", "k");
    CHECK(all_of(*source) == Messages{"k=1", "own=2"});
    CHECK_THAT(error_of(*envelopes("{\"body\":\"1\"}\n\n{\"boby\":\"2\"}\n")),
               Catch::StartsWith("line 3 of the input: there is no \"boby\" in an envelope"));
}

TEST_CASE("nothing of one envelope stays for the next")
{
    auto const source =
        envelopes("{\"body\":\"1\",\"headers\":{\"h\":1},\"exchange\":\"x\",\"properties\":{\"type\":\"t\"}}\n"
                  "{\"body\":\"2\"}\n");
    Message message;
    REQUIRE(source->next(message) == Next::message);
    REQUIRE(source->next(message) == Next::message);
    CHECK(message.exchange == "e");
    CHECK(message.properties.headers.empty());
    CHECK_FALSE(message.properties.type);
}

TEST_CASE("a key is made from the envelope's body unless it names one")
{
    auto const source = envelopes(R"({"body":"{\"user\":{\"id\":7}}"})"
                                  "\n"
                                  R"({"body":"x","routing_key":"{user.id}"})"
                                  "\n"
                                  R"({"body":"x"})"
                                  "\n",
                                  "user.{user.id}");
    Message message;
    REQUIRE(source->next(message) == Next::message);
    CHECK(message.routing_key == "user.7");
    REQUIRE(source->next(message) == Next::message);
    CHECK(message.routing_key == "{user.id}");
    CHECK_THAT(error_of(*source), Catch::StartsWith("line 3 of the input: "));
}

TEST_CASE("keys made from records name the record at fault")
{
    auto const keyed = [](std::string const& text) {
        return messaging::make_keyed_source(lines(text), KeyTemplate("k.{2}"));
    };
    CHECK(all_of(*keyed("a b c\nd  e\n")) == Messages{"k.b=a b c", "k.e=d  e"});
    CHECK_THAT(error_of(*keyed("a b\nc\n")), Catch::StartsWith("record 2 of the input: "));
}

TEST_CASE("what is left over of a pipe are messages too, up to the first line that is none")
{
    Message message;
    SECTION("envelopes")
    {
        auto const source =
            envelopes("{\"body\":\"1\"}\n{\"body\":\"2\"}\n\n{\"body\":\"3\"}\nx\n{\"body\":\"5\"}\n", "k");
        REQUIRE(source->next(message) == Next::message);
        CHECK(left_over_of(*source) == Messages{"k=2", "k=3"});
        CHECK(left_over_of(*source).empty());
    }
    SECTION("keys from records")
    {
        auto const source = messaging::make_keyed_source(lines("1 a\n2 b\n3\n4 d\n"), KeyTemplate("k.{2}"));
        REQUIRE(source->next(message) == Next::message);
        CHECK(left_over_of(*source) == Messages{"k.b=2 b"});
        CHECK(left_over_of(*source).empty());
    }
    SECTION("nothing after a line at fault")
    {
        auto const source = envelopes("x\n{\"body\":\"2\"}\n");
        CHECK_THAT(error_of(*source), Catch::StartsWith("line 1 of the input: it is not JSON"));
        CHECK(left_over_of(*source).empty());
    }
}
