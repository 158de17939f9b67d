/* publish_c: lines of a file as messages, with publisher confirms, on rabbitmq-c: what a careful user of that library
 * would write. rmqha publish is measured against it.
 *
 *   publish_c URI ROUTING_KEY FILE [WINDOW]
 *
 * At most WINDOW (1000) messages are under way without a confirm. Ends with 0 when every line was confirmed. */
#include <amqp.h>
#include <amqp_framing.h>
#include <amqp_tcp_socket.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { k_channel = 1, k_heartbeat_s = 30 };

static _Noreturn void die(char const* what, char const* why)
{
    fprintf(stderr, "publish_c: %s: %s\n", what, why);
    exit(1);
}

static void require(amqp_rpc_reply_t reply, char const* what)
{
    if (reply.reply_type == AMQP_RESPONSE_LIBRARY_EXCEPTION) {
        die(what, amqp_error_string2(reply.library_error));
    }
    if (reply.reply_type != AMQP_RESPONSE_NORMAL) {
        die(what, amqp_method_name(reply.reply.id));
    }
}

/* Which of the messages under way are confirmed: a ring, because confirms may come out of order. */
struct window {
    char* confirmed;
    uint64_t size;
    uint64_t oldest; /* delivery tag; all before it are confirmed */
    uint64_t next;   /* delivery tag of the next message */
};

static void confirm(struct window* window, uint64_t tag, int multiple)
{
    uint64_t const first = multiple ? window->oldest : tag;
    for (uint64_t i = first; i <= tag; ++i) {
        window->confirmed[i % window->size] = 1;
    }
    while (window->oldest < window->next && window->confirmed[window->oldest % window->size]) {
        window->confirmed[window->oldest % window->size] = 0;
        ++window->oldest;
    }
}

/* Waits for one frame and acts on it. */
static void take_frame(amqp_connection_state_t connection, struct window* window)
{
    amqp_frame_t frame;
    int const status = amqp_simple_wait_frame(connection, &frame);
    if (status != AMQP_STATUS_OK) {
        die("waiting for confirms", amqp_error_string2(status));
    }
    if (frame.frame_type != AMQP_FRAME_METHOD) {
        return;
    }
    switch (frame.payload.method.id) {
    case AMQP_BASIC_ACK_METHOD: {
        amqp_basic_ack_t const* const ack = frame.payload.method.decoded;
        confirm(window, ack->delivery_tag, ack->multiple);
        break;
    }
    case AMQP_BASIC_NACK_METHOD:
        die("publishing", "the broker refused a message");
    case AMQP_BASIC_RETURN_METHOD:
        die("publishing", "no queue takes the messages");
    case AMQP_CHANNEL_CLOSE_METHOD:
    case AMQP_CONNECTION_CLOSE_METHOD:
        die("publishing", "closed by the server");
    default:
        break;
    }
    amqp_maybe_release_buffers(connection);
}

static amqp_connection_state_t connect_to(char* uri)
{
    struct amqp_connection_info to;
    amqp_default_connection_info(&to);
    if (amqp_parse_url(uri, &to) != AMQP_STATUS_OK) {
        die(uri, "not a URI");
    }
    amqp_connection_state_t const connection = amqp_new_connection();
    amqp_socket_t* const socket = amqp_tcp_socket_new(connection);
    int const status = amqp_socket_open(socket, to.host, to.port);
    if (status != AMQP_STATUS_OK) {
        die("connecting", amqp_error_string2(status));
    }
    require(amqp_login(connection, to.vhost, 0, AMQP_DEFAULT_FRAME_SIZE, k_heartbeat_s, AMQP_SASL_METHOD_PLAIN, to.user,
                       to.password),
            "logging in");
    amqp_channel_open(connection, k_channel);
    require(amqp_get_rpc_reply(connection), "opening a channel");
    amqp_confirm_select(connection, k_channel);
    require(amqp_get_rpc_reply(connection), "asking for confirms");
    return connection;
}

int main(int argc, char** argv)
{
    if (argc < 4 || argc > 5) {
        fputs("usage: publish_c URI ROUTING_KEY FILE [WINDOW]\n", stderr);
        return 64;
    }
    FILE* const input = fopen(argv[3], "r");
    if (input == NULL) {
        die(argv[3], "cannot be read");
    }
    struct window window = {.size = argc == 5 ? strtoull(argv[4], NULL, 10) : 1000, .oldest = 1, .next = 1};
    window.confirmed = calloc(window.size, 1);
    amqp_connection_state_t const connection = connect_to(argv[1]);
    amqp_bytes_t const routing_key = amqp_cstring_bytes(argv[2]);
    amqp_basic_properties_t const properties = {._flags = AMQP_BASIC_DELIVERY_MODE_FLAG, .delivery_mode = 2};

    char* line = NULL;
    size_t capacity = 0;
    ssize_t length = 0;
    while ((length = getline(&line, &capacity, input)) >= 0) {
        if (length > 0 && line[length - 1] == '\n') {
            --length;
        }
        while (window.next - window.oldest >= window.size) {
            take_frame(connection, &window);
        }
        amqp_bytes_t const body = {.len = (size_t)length, .bytes = line};
        int const status =
            amqp_basic_publish(connection, k_channel, amqp_empty_bytes, routing_key, 1, 0, &properties, body);
        if (status != AMQP_STATUS_OK) {
            die("publishing", amqp_error_string2(status));
        }
        ++window.next;
    }
    while (window.oldest < window.next) {
        take_frame(connection, &window);
    }
    require(amqp_connection_close(connection, AMQP_REPLY_SUCCESS), "closing");
    amqp_destroy_connection(connection);
    free(line);
    free(window.confirmed);
    fclose(input);
    return 0;
}
