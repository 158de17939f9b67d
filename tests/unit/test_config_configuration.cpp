#include "base/error.hpp"
#include "base/file.hpp"
#include "config/configuration.hpp"
#include "support/catch.hpp"
#include "support/temporary_folder.hpp"

using namespace rmqha;
using config::Configuration;
using config::Values;
using Names = std::vector<std::string>;

namespace {

char const* const k_user_file = R"(current = "prod"
[publish]
window = 10
[contexts.prod]
user = "ops"
password_file = "/prod.password"
node = "prod1"
[contexts.prod.publish]
window = 20
[contexts.empty]
user = "x"
)";

/// A configuration in a folder of its own: user.toml over system.toml, and clusters/.
struct Setup {
    test::TemporaryFolder folder;
    Values flags;
    std::string context;
    std::map<std::string, std::string> variables;

    void write(std::string const& name, std::string const& text) const { base::write_file(folder / name, text); }
    Configuration configuration() const
    {
        return Configuration(
            {.flags = flags,
             .context = context,
             .environment = [this](std::string const& name) -> std::optional<std::string> {
                 auto const found = variables.find(name);
                 return found == variables.end() ? std::nullopt : std::optional(found->second);
             },
             .places = {.files = {folder / "user.toml", folder / "system.toml"}, .clusters = folder / "clusters"},
             .commands = {}});
    }
    config::Settings settings() const { return configuration().settings(); }
    Names hosts() const
    {
        Names names;
        for (auto const& node : settings().nodes) {
            names.push_back(node.host);
        }
        return names;
    }
    void make_cluster(std::string const& name, std::chrono::seconds age) const
    {
        auto const path = "clusters/" + name + "/context.toml";
        write(path, "[[nodes]]\nhost = \"" + name + "\"\n");
        std::filesystem::last_write_time(folder / path, std::filesystem::file_time_type::clock::now() - age);
    }
};

} // namespace

TEST_CASE("with nothing anywhere it is localhost", "[config]")
{
    Setup const setup;
    CHECK(setup.hosts() == Names{"localhost"});
    CHECK(setup.settings().context.empty());
}

TEST_CASE("nodes come from the strongest of the places that may name them", "[config]")
{
    using namespace std::chrono_literals;
    Setup setup;
    setup.variables["AMQP_URL"] = "amqp://url";
    CHECK(setup.hosts() == Names{"url"});
    setup.make_cluster("old", 60s);
    setup.make_cluster("new", 10s);
    CHECK(setup.hosts() == Names{"new"});
    CHECK(setup.settings().context == "new");
    setup.write("user.toml", k_user_file);
    CHECK(setup.hosts() == Names{"prod1"});
    CHECK(setup.settings().context == "prod");
    setup.variables["RMQHA_CONTEXT"] = "old";
    CHECK(setup.hosts() == Names{"old"});
    setup.variables.erase("RMQHA_CONTEXT");
    setup.variables["RMQHA_NODE"] = "variable";
    CHECK(setup.hosts() == Names{"variable"});
    setup.context = "old";
    CHECK(setup.hosts() == Names{"old"});
    setup.context.clear();
    setup.variables["RMQHA_CONTEXT"] = "prod";
    setup.flags["node"] = {"flag"};
    CHECK(setup.hosts() == Names{"flag"});
}

TEST_CASE("nodes given explicitly do not meet a context's password", "[config]")
{
    Setup setup;
    setup.write("user.toml", k_user_file);
    CHECK(setup.settings().password_file == "/prod.password");
    for (auto const* option : {"node", "uri"}) {
        CAPTURE(option);
        setup.flags = {{option, {option == std::string("uri") ? "amqp://other" : "other"}}};
        CHECK(setup.settings().password_file.empty());
        CHECK(setup.settings().user == "guest");
        CHECK(setup.settings().context.empty());
        setup.variables["RMQHA_CONTEXT"] = "prod";
        CHECK(setup.settings().password_file.empty());
        setup.variables.clear();
    }
    setup.flags.clear();
    setup.variables["RMQHA_URI"] = "amqp://other";
    CHECK(setup.settings().password_file.empty());
}

TEST_CASE("a context named beside nodes gives the rest", "[config]")
{
    Setup setup;
    setup.write("user.toml", k_user_file);
    setup.flags["node"] = {"other"};
    setup.context = "prod";
    CHECK(setup.hosts() == Names{"other"});
    CHECK(setup.settings().password_file == "/prod.password");
}

TEST_CASE("flag beats variable beats context, also for other options", "[config]")
{
    Setup setup;
    setup.write("user.toml", "current = \"a\"\n[contexts.a]\nnode = \"n\"\nvhost = \"file\"\n");
    CHECK(setup.settings().vhost == "file");
    setup.variables["RMQHA_VHOST"] = "variable";
    CHECK(setup.settings().vhost == "variable");
    setup.flags["vhost"] = {"flag"};
    CHECK(setup.settings().vhost == "flag");
    setup.variables["RMQHA_THRESHOLDS_MEMORY_USAGE_MAX"] = "70";
    CHECK(setup.settings().thresholds.memory_usage_max == config::Levels{70});
}

TEST_CASE("the user's file stands before the system's", "[config]")
{
    Setup setup;
    setup.write("system.toml", "current = \"sys\"\n[publish]\nwindow = 1\nrate = 2\n[contexts.sys]\nnode = \"s\"\n"
                               "[contexts.prod]\nnode = \"system-prod\"\n");
    CHECK(setup.hosts() == Names{"s"});
    setup.write("user.toml", k_user_file);
    CHECK(setup.hosts() == Names{"prod1"});
    setup.context = "sys";
    CHECK(setup.hosts() == Names{"s"});
    auto configuration = setup.configuration();
    Names names;
    for (auto const& entry : configuration.contexts()) {
        names.push_back(entry.name);
    }
    CHECK(names == Names{"empty", "prod", "sys"});
    CHECK(configuration.own_file() == setup.folder / "user.toml");
}

TEST_CASE("a command's option comes from variable, context, files in this order", "[config]")
{
    Setup setup;
    setup.write("system.toml", "[publish]\nwindow = 1\nrate = 2\n");
    setup.write("user.toml", k_user_file);
    auto const window = [&] { return setup.configuration().command_option("publish", "window"); };
    setup.flags["node"] = {"other"};
    CHECK(window()->values == Names{"10"});
    CHECK(setup.configuration().command_option("publish", "rate")->values == Names{"2"});
    CHECK_FALSE(setup.configuration().command_option("publish", "count"));
    CHECK_FALSE(setup.configuration().command_option("consume", "window"));
    setup.flags.clear();
    CHECK(window()->values == Names{"20"});
    CHECK(window()->place == (setup.folder / "user.toml").string() + ":9: window");
    CHECK(window()->kind == config::SourceKind::file);
    setup.variables["RMQHA_PUBLISH_WINDOW"] = "30";
    CHECK(window()->values == Names{"30"});
    CHECK(window()->place == "RMQHA_PUBLISH_WINDOW");
    setup.variables["RMQHA_COLOR"] = "never";
    CHECK(setup.configuration().command_option("", "color")->place == "RMQHA_COLOR");
}

TEST_CASE("a context that cannot be used is refused in words", "[config]")
{
    Setup setup;
    setup.write("user.toml", k_user_file);
    auto const refused = [&] {
        try {
            setup.settings();
        } catch (base::Error const& error) {
            return std::string(error.what()) + " | " + error.hint();
        }
        return std::string("accepted");
    };
    setup.context = "prood";
    CHECK(refused() == "--context: there is no context \"prood\" | See `rmqha context list`. Did you mean \"prod\"?");
    CHECK(setup.configuration().context() == nullptr);
    CHECK(setup.configuration().command_option("publish", "window")->values ==
          Names{"10"}); // `context use` still works
    setup.context = "empty";
    CHECK_THAT(refused(), Catch::StartsWith("context \"empty\": it names no node | "));
    setup.context.clear();
    setup.write("user.toml", "\ncurrent = \"gone\"\n");
    CHECK_THAT(refused(), Catch::Contains("user.toml:2: current: there is no context \"gone\""));
}

TEST_CASE("a local cluster whose file is bad stops only what uses it", "[config]")
{
    using namespace std::chrono_literals;
    Setup setup;
    setup.make_cluster("good", 60s);
    setup.write("clusters/bad/context.toml", "nodse = 1\n");
    auto listed = setup.configuration();
    REQUIRE(listed.contexts().size() == 2);
    CHECK(listed.context("bad").local);
    REQUIRE(listed.context("bad").problem);
    CHECK_THAT(listed.context("bad").problem->what(), Catch::EndsWith("bad/context.toml:1: unknown key \"nodse\""));
    CHECK_FALSE(listed.context("good").problem);
    CHECK_FALSE(listed.command_option("publish", "window"));
    CHECK_THROWS_WITH(listed.settings(), Catch::Contains("unknown key")); // the newest is in force
    CHECK_NOTHROW(setup.configuration().deadline());
    setup.context = "good";
    CHECK(setup.hosts() == Names{"good"});
    setup.context.clear();
    setup.flags["node"] = {"flag"};
    CHECK(setup.hosts() == Names{"flag"});
}

TEST_CASE("the deadline is known without a context, and without nodes", "[config]")
{
    using namespace std::chrono_literals;
    Setup setup;
    setup.write("user.toml", "current = \"gone\"\n[contexts.slow]\ndeadline = \"7s\"\n");
    CHECK_THROWS_AS(setup.settings(), base::Error);
    CHECK_FALSE(setup.configuration().deadline());
    setup.context = "slow"; // which names no node
    CHECK(setup.configuration().deadline() == 7s);
    setup.variables["RMQHA_DEADLINE"] = "8s";
    CHECK(setup.configuration().deadline() == 8s);
    setup.flags["deadline"] = {"9s"};
    CHECK(setup.configuration().deadline() == 9s);
    setup.flags["deadline"] = {"soon"};
    CHECK_THROWS_WITH(setup.configuration().deadline(), Catch::StartsWith("--deadline: "));
}

TEST_CASE("a configuration file asked for by name must exist", "[config]")
{
    auto const nothing = [](std::string const&) { return std::optional<std::string>(); };
    auto const variable = [](std::string const& name) {
        return name == "RMQHA_CONFIG" ? std::optional<std::string>("/nowhere/b.toml") : std::nullopt;
    };
    CHECK(config::find_places("", nothing).files.size() == 2);
    CHECK_FALSE(config::find_places("", nothing).required);
    CHECK(config::find_places("", variable).files.front() == "/nowhere/b.toml");
    auto const places = config::find_places("/nowhere/a.toml", variable);
    CHECK(places.files == std::vector<std::filesystem::path>{"/nowhere/a.toml"});
    Configuration configuration({.flags = {}, .context = {}, .environment = nothing, .places = places, .commands = {}});
    CHECK_THROWS_WITH(configuration.settings(), "cannot read /nowhere/a.toml: no such file");
}
