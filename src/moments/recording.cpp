#include "moments/recording.hpp"

#include "base/error.hpp"
#include "base/fd.hpp"
#include "base/units.hpp"

#include <fcntl.h>
#include <fmt/format.h>
#include <nlohmann/json.hpp>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>
#include <cstring>
#include <fstream>

namespace rmqha::moments {
namespace {

using base::Error;
using base::ExitCode;
using Time = std::chrono::system_clock::time_point;

constexpr std::int64_t k_most_moments = 1'000'000'000;

/// The value of "time" at the top of a whole JSON object, found without keeping the rest.
class TimeFinder : public nlohmann::json_sax<nlohmann::json> {
public:
    std::string time;

    bool null() override { return other(); }
    bool boolean(bool) override { return other(); }
    bool number_integer(number_integer_t) override { return other(); }
    bool number_unsigned(number_unsigned_t) override { return other(); }
    bool number_float(number_float_t, string_t const&) override { return other(); }
    bool binary(binary_t&) override { return other(); }
    bool string(string_t& text) override
    {
        if (m_depth == 1 && m_key == "time") {
            time = text;
        }
        return true;
    }
    bool key(string_t& name) override
    {
        m_key = m_depth == 1 ? name : "";
        return true;
    }
    bool start_object(std::size_t) override { return ++m_depth > 0; }
    bool end_object() override { return --m_depth >= 0; }
    bool start_array(std::size_t) override { return ++m_depth > 1; } // a list at the top is no moment
    bool end_array() override { return --m_depth >= 0; }
    bool parse_error(std::size_t, std::string const&, nlohmann::detail::exception const&) override { return false; }

private:
    static bool other() { return true; }

    int m_depth = 0;
    std::string m_key;
};

std::optional<Time> time_of(std::string const& text)
{
    TimeFinder finder;
    return nlohmann::json::sax_parse(text, &finder) ? base::parse_time(finder.time) : std::nullopt;
}

[[noreturn]] void refuse(std::filesystem::path const& path, std::string const& reason)
{
    throw Error(ExitCode::data, fmt::format("{}: {}", path.string(), reason),
                "It is a file of rmqha monitor record, or of rmqha monitor status --format json.");
}

[[noreturn]] void cannot_write(std::filesystem::path const& path)
{
    base::fail(ExitCode::unavailable, "cannot write {}: {}", path.string(), std::strerror(errno));
}

} // namespace

std::optional<When> parse_when(std::string_view text, Time now)
{
    if (text == "first" || text == "last") {
        return When{When::Kind::place, text == "first" ? 1 : -1, {}};
    }
    bool const from_end = text.starts_with('-');
    if (auto const place = base::parse_integer(text.substr(from_end ? 1 : 0), 1, k_most_moments)) {
        return When{When::Kind::place, from_end ? -*place : *place, {}};
    }
    if (auto const ago = base::parse_duration(text)) {
        return When{When::Kind::time, 0, now - *ago};
    }
    if (auto const time = base::parse_time(text)) {
        return When{When::Kind::time, 0, *time};
    }
    return std::nullopt;
}

Recording::Recording(std::filesystem::path path) : m_path(std::move(path))
{
    std::error_code problem;
    auto const status = std::filesystem::status(m_path, problem);
    if (!std::filesystem::exists(status)) {
        refuse(m_path, "no such file");
    }
    if (!std::filesystem::is_regular_file(status)) {
        refuse(m_path, "not a file");
    }
    std::ifstream in(m_path, std::ios::binary);
    if (!in) {
        base::fail(ExitCode::unavailable, "cannot read {}: {}", m_path.string(), std::strerror(errno));
    }
    std::string line;
    std::string page; // a JSON document of several lines, as status prints it
    std::uint64_t offset = 0;
    std::uint64_t page_offset = 0;
    while (std::getline(in, line)) {
        if (line == "{") {
            m_damaged += page.empty() ? 0U : 1U;
            page = line;
            page_offset = offset;
        } else if (!page.empty() && (line == "}" || line.starts_with(' '))) {
            page += "\n" + line;
            if (line == "}") {
                take(page, page_offset);
                page.clear();
            }
        } else {
            m_damaged += page.empty() ? 0U : 1U;
            page.clear();
            if (!line.empty()) {
                take(line, offset);
            }
        }
        offset += line.size() + 1;
    }
    m_damaged += page.empty() ? 0U : 1U;
    if (m_places.empty()) {
        refuse(m_path, offset == 0 ? "empty" : fmt::format("no moment in it, {} damaged lines", m_damaged));
    }
}

void Recording::take(std::string const& text, std::uint64_t offset)
{
    if (auto const time = time_of(text)) {
        m_places.push_back({offset, text.size(), *time});
    } else {
        ++m_damaged;
    }
}

Moment Recording::moment(When const& when) const
{
    Place const* chosen = nullptr;
    auto const count = static_cast<std::int64_t>(m_places.size());
    if (when.kind == When::Kind::place) {
        auto const place = when.place < 0 ? count + when.place : when.place - 1;
        if (place < 0 || place >= count) {
            throw Error(ExitCode::data,
                        fmt::format("{}: has no moment {}, only {}", m_path.string(), when.place, count),
                        "The first is 1, the last is -1.");
        }
        chosen = &m_places[static_cast<std::size_t>(place)];
    } else {
        for (auto const& place : m_places) {
            chosen = place.time <= when.time ? &place : chosen;
        }
        if (chosen == nullptr) {
            throw Error(ExitCode::data,
                        fmt::format("{}: begins at {}, after {}", m_path.string(),
                                    base::format_time(m_places.front().time), base::format_time(when.time)),
                        "Choose its first moment with first, or a later time.");
        }
    }
    std::ifstream in(m_path, std::ios::binary);
    std::string text(chosen->length, '\0');
    in.seekg(static_cast<std::streamoff>(chosen->offset));
    in.read(text.data(), static_cast<std::streamsize>(text.size()));
    auto moment = in ? parse_moment(text) : std::nullopt;
    if (!moment) {
        refuse(m_path,
               fmt::format("what it has of {} is no moment that this rmqha can read", base::format_time(chosen->time)));
    }
    return *moment;
}

void append_line(std::filesystem::path const& path, std::string const& line)
{
    base::Fd const fd(::open(path.c_str(), O_RDWR | O_APPEND | O_CREAT | O_CLOEXEC, 0640));
    if (fd.get() < 0 || ::flock(fd.get(), LOCK_EX) != 0) {
        cannot_write(path);
    }
    struct stat info {};
    char last = '\n';
    if (::fstat(fd.get(), &info) != 0 ||
        (S_ISREG(info.st_mode) && info.st_size > 0 && ::pread(fd.get(), &last, 1, info.st_size - 1) != 1)) {
        cannot_write(path);
    }
    auto const text = last == '\n' ? line : "\n" + line;
    for (std::size_t written = 0; written < text.size();) {
        auto const count = ::write(fd.get(), text.data() + written, text.size() - written);
        if (count < 0 && errno != EINTR) {
            cannot_write(path);
        }
        written += count > 0 ? static_cast<std::size_t>(count) : 0;
    }
    if (S_ISREG(info.st_mode) && ::fdatasync(fd.get()) != 0) {
        cannot_write(path);
    }
}

} // namespace rmqha::moments
