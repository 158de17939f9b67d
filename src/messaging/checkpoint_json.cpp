#include "base/error.hpp"
#include "messaging/checkpoint_file.hpp"

#include <fmt/format.h>
#include <nlohmann/json.hpp>

#include <charconv>

namespace rmqha::messaging {

namespace {

using Json = nlohmann::ordered_json;

constexpr auto* k_kind = "rmqha publish checkpoint";

[[noreturn]] void damaged(std::string const& reason)
{
    base::fail(base::ExitCode::data, "{}", reason);
}

std::uint64_t number(Json const& object, char const* key)
{
    auto const found = object.find(key);
    if (found == object.end() || !found->is_number_unsigned()) {
        damaged(fmt::format("damaged: \"{}\" is not a number", key));
    }
    return found->get<std::uint64_t>();
}

std::string const& text(Json const& object, char const* key)
{
    auto const found = object.find(key);
    if (found == object.end() || !found->is_string()) {
        damaged(fmt::format("damaged: \"{}\" is not text", key));
    }
    return found->get_ref<std::string const&>();
}

Json const& inner(Json const& object, char const* key)
{
    auto const found = object.find(key);
    if (found == object.end() || !found->is_object()) {
        damaged(fmt::format("damaged: \"{}\" is not an object", key));
    }
    return *found;
}

std::uint64_t hexadecimal(std::string const& digits)
{
    std::uint64_t value = 0;
    auto const* const end = digits.data() + digits.size();
    auto const [rest, error] = std::from_chars(digits.data(), end, value, 16);
    if (error != std::errc() || rest != end) {
        damaged("damaged: \"digest\" is not one");
    }
    return value;
}

} // namespace

std::string to_json(CheckpointRecord const& record)
{
    auto const& position = record.position;
    Json const json = {{"schema_version", 1},
                       {"kind", k_kind},
                       {"run", record.run},
                       {"done", position.messages},
                       {"complete", record.complete},
                       {"input",
                        {{"records", position.records},
                         {"bytes", position.bytes},
                         {"digest", fmt::format("{:016x}", position.digest)},
                         {"digest_from", {{"records", position.anchor_records}, {"bytes", position.anchor_bytes}}}}},
                       {"target", record.target}};
    return json.dump(2, ' ', false, Json::error_handler_t::replace) + "\n";
}

CheckpointRecord parse_checkpoint(std::string const& text_of_file)
{
    if (text_of_file.empty()) {
        damaged("the file is empty");
    }
    auto const json = Json::parse(text_of_file, nullptr, false);
    if (!json.is_object() || json.value("kind", Json()) != k_kind) {
        damaged("not a checkpoint of rmqha publish, or damaged");
    }
    if (auto const version = number(json, "schema_version"); version != 1) {
        damaged(fmt::format("written by another version of rmqha (schema_version {})", version));
    }
    auto const& input = inner(json, "input");
    auto const& from = inner(input, "digest_from");
    CheckpointRecord record{.run = text(json, "run"),
                            .target = {},
                            .position = {.messages = number(json, "done"),
                                         .records = number(input, "records"),
                                         .bytes = number(input, "bytes"),
                                         .digest = hexadecimal(text(input, "digest")),
                                         .anchor_records = number(from, "records"),
                                         .anchor_bytes = number(from, "bytes")},
                            .complete = json.value("complete", Json()) == true};
    auto const& place = record.position;
    if (place.messages > place.records || place.anchor_records > place.records || place.anchor_bytes > place.bytes) {
        damaged("damaged: its numbers contradict each other");
    }
    for (auto const& [what, value] : inner(json, "target").items()) {
        record.target[what] = text(inner(json, "target"), what.c_str());
    }
    return record;
}

} // namespace rmqha::messaging
