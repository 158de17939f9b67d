#include "support/recorded.hpp"

#include <fstream>
#include <iterator>
#include <stdexcept>

namespace rmqha::test {

std::string recorded(std::string const& name)
{
    std::ifstream file(std::string(RMQHA_TEST_DATA) + "/management/" + name);
    if (!file) {
        throw std::runtime_error("no recorded answer " + name);
    }
    return {std::istreambuf_iterator<char>(file), {}};
}

} // namespace rmqha::test
