#include "support/terminal.hpp"

#include "base/utf8.hpp"
#include "output/text.hpp"
#include "support/brokers.hpp"

#include <fcntl.h>
#include <fmt/format.h>
#include <poll.h>
#include <pty.h>
#include <sys/ioctl.h>
#include <sys/wait.h>
#include <unistd.h>
#include <utmp.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <csignal>
#include <cstdlib>
#include <stdexcept>

namespace rmqha::test {

TerminalPage::TerminalPage(int rows, int columns) : m_rows(rows), m_columns(columns), m_cells(blank()), m_main(blank())
{
}

TerminalPage::Cells TerminalPage::blank() const
{
    return {.rows = std::vector(static_cast<std::size_t>(m_rows),
                                std::vector<std::string>(static_cast<std::size_t>(m_columns), " "))};
}

void TerminalPage::resize(int rows, int columns)
{
    m_rows = rows;
    m_columns = columns;
    for (Cells* cells : {&m_cells, &m_main}) {
        cells->rows.resize(static_cast<std::size_t>(rows));
        for (auto& row : cells->rows) {
            row.resize(static_cast<std::size_t>(columns), " ");
        }
        cells->row = std::min(cells->row, static_cast<std::size_t>(rows) - 1);
        cells->column = std::min(cells->column, static_cast<std::size_t>(columns) - 1);
    }
}

void TerminalPage::feed_line()
{
    if (++m_cells.row == m_cells.rows.size()) {
        m_cells.rows.erase(m_cells.rows.begin());
        m_cells.rows.push_back(blank().rows.front());
        --m_cells.row;
    }
}

void TerminalPage::put(std::string const& letter, int width)
{
    auto const columns = static_cast<std::size_t>(m_columns);
    if (m_cells.column >= columns) { // behind the last
        if (m_wraps) {
            m_cells.column = 0;
            feed_line();
        } else {
            m_cells.column = columns - 1;
        }
    }
    auto& row = m_cells.rows[m_cells.row];
    if (width == 0) {
        row[m_cells.column > 0 ? m_cells.column - 1 : 0] += letter;
        return;
    }
    row[m_cells.column++] = letter;
    if (width == 2 && m_cells.column < columns) {
        row[m_cells.column++].clear();
    }
}

void TerminalPage::switch_mode(std::string const& mode, bool on)
{
    if (mode == "?1049") {
        if (on && !m_alternate) {
            m_main = m_cells;
            m_cells = blank();
        } else if (!on && m_alternate) {
            m_cells = m_main;
        }
        m_alternate = on;
    } else if (mode == "?25") {
        m_cursor = on;
    } else if (mode == "?7") {
        m_wraps = on;
    } else {
        throw std::runtime_error("the terminal does not know mode " + mode);
    }
}

void TerminalPage::obey(std::string const& sequence)
{
    auto const parameters = sequence.substr(0, sequence.size() - 1);
    switch (sequence.back()) {
    case 'm':
        m_coloured = m_coloured || (parameters != "0" && !parameters.empty());
        return;
    case 'h':
    case 'l':
        switch_mode(parameters, sequence.back() == 'h');
        return;
    case 'H': {
        int row = 1;
        int column = 1;
        std::sscanf(parameters.c_str(), "%d;%d", &row, &column);
        m_cells.row = static_cast<std::size_t>(std::clamp(row, 1, m_rows) - 1);
        m_cells.column = static_cast<std::size_t>(std::clamp(column, 1, m_columns) - 1);
        return;
    }
    case 'J':
        m_cells.rows = blank().rows;
        return;
    case 'K': {
        auto& row = m_cells.rows[m_cells.row];
        auto const from = std::min(m_cells.column, row.size() - 1);
        std::fill(row.begin() + static_cast<std::ptrdiff_t>(from), row.end(), " ");
        return;
    }
    default:
        throw std::runtime_error("the terminal does not know ESC [ " + sequence);
    }
}

void TerminalPage::write(std::string_view bytes)
{
    m_begun += bytes;
    std::string_view left = m_begun;
    while (!left.empty()) {
        if (left.front() == '\033') {
            auto const end =
                left.size() > 1 && left[1] == '[' ? left.find_first_not_of("0123456789;?", 2) : std::string_view::npos;
            if (end == std::string_view::npos) {
                if (left.size() > 1 && left[1] != '[') {
                    throw std::runtime_error("the terminal does not know this sequence");
                }
                break;
            }
            obey(std::string(left.substr(2, end - 1)));
            left.remove_prefix(end + 1);
            continue;
        }
        auto const letter = base::first_letter(left);
        if (!letter.valid && left.size() < 4) {
            break; // perhaps the rest is still to come
        }
        if (left.front() == '\r') {
            m_cells.column = 0;
        } else if (left.front() == '\n') {
            feed_line();
        } else {
            auto const text = std::string(left.substr(0, letter.length));
            put(letter.valid ? text : "\uFFFD", output::display_width(text));
        }
        left.remove_prefix(letter.length);
    }
    m_begun = std::string(left);
}

std::vector<std::string> TerminalPage::lines() const
{
    std::vector<std::string> lines;
    for (auto const& row : m_cells.rows) {
        std::string line;
        for (auto const& letter : row) {
            line += letter;
        }
        line.erase(line.find_last_not_of(' ') + 1);
        lines.push_back(std::move(line));
    }
    return lines;
}

std::string TerminalPage::text() const
{
    std::string text;
    for (auto const& line : lines()) {
        text += line + "\n";
    }
    return text;
}

Terminal::Terminal(std::vector<std::string> argv, Size size) : m_page(size.rows, size.columns)
{
    winsize told{};
    told.ws_row = static_cast<unsigned short>(size.rows);
    told.ws_col = static_cast<unsigned short>(size.columns);
    int master = -1;
    int line = -1;
    if (::openpty(&master, &line, nullptr, nullptr, &told) != 0) {
        throw std::runtime_error("no pseudo terminal");
    }
    m_master.reset(master);
    m_line.reset(line);
    ::fcntl(master, F_SETFD, FD_CLOEXEC);
    ::fcntl(line, F_SETFD, FD_CLOEXEC);
    m_before = settings();
    std::vector<char*> arguments;
    for (auto& argument : argv) {
        arguments.push_back(argument.data());
    }
    arguments.push_back(nullptr);
    m_pid = ::fork();
    if (m_pid == 0) {
        ::login_tty(line);
        ::execvp(arguments[0], arguments.data());
        ::_exit(127);
    }
    if (m_pid < 0) {
        throw std::runtime_error("cannot start " + argv.front());
    }
}

Terminal::~Terminal()
{
    if (!m_status) {
        ::kill(m_pid, SIGKILL);
        int ignored = 0;
        ::waitpid(m_pid, &ignored, 0);
    }
}

void Terminal::type(std::string_view keys) const
{
    while (!keys.empty()) {
        auto const written = ::write(m_master.get(), keys.data(), keys.size());
        if (written < 0) {
            throw std::runtime_error("cannot type");
        }
        keys.remove_prefix(static_cast<std::size_t>(written));
    }
}

void Terminal::resize(Size size)
{
    m_page.resize(size.rows, size.columns);
    winsize told{};
    told.ws_row = static_cast<unsigned short>(size.rows);
    told.ws_col = static_cast<unsigned short>(size.columns);
    ::ioctl(m_master.get(), TIOCSWINSZ, &told);
}

void Terminal::signal(int number) const
{
    if (!m_status) {
        ::kill(m_pid, number);
    }
}

bool Terminal::take_in()
{
    pollfd readable{m_master.get(), POLLIN, 0};
    constexpr int k_while_ms = 50;
    if (::poll(&readable, 1, k_while_ms) <= 0 || (readable.revents & POLLIN) == 0) {
        return false;
    }
    std::array<char, 4096> bytes{};
    auto const count = ::read(m_master.get(), bytes.data(), bytes.size());
    if (count > 0) {
        m_page.write({bytes.data(), static_cast<std::size_t>(count)});
    }
    return count > 0;
}

bool Terminal::until(base::milliseconds patience, std::function<bool(TerminalPage const&)> const& holds)
{
    return wait_until(patience, [&] {
        while (take_in()) {
        }
        return holds(m_page);
    });
}

bool Terminal::shows(std::string const& text, base::milliseconds patience)
{
    return until(patience, [&](TerminalPage const& page) { return page.text().find(text) != std::string::npos; });
}

std::optional<int> Terminal::wait(base::milliseconds patience)
{
    until(patience, [this](TerminalPage const&) {
        int status = 0;
        if (!m_status && ::waitpid(m_pid, &status, WNOHANG) == m_pid) {
            m_status = WIFEXITED(status) ? WEXITSTATUS(status) : 128 + WTERMSIG(status);
        }
        return m_status.has_value();
    });
    while (take_in()) {
    }
    return m_status;
}

termios Terminal::settings() const
{
    termios settings{};
    ::tcgetattr(m_line.get(), &settings);
    return settings;
}

std::string to_text(termios const& settings)
{
    std::string text =
        fmt::format("{:o} {:o} {:o} {:o}", settings.c_iflag, settings.c_oflag, settings.c_cflag, settings.c_lflag);
    for (auto const character : settings.c_cc) {
        text += fmt::format(" {}", static_cast<int>(character));
    }
    return text;
}

} // namespace rmqha::test
