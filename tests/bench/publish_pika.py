#!/usr/bin/python3
"""Lines of a file as messages, with publisher confirms, as pika's blocking connection does it.

publish_pika.py URI ROUTING_KEY FILE [COUNT]
"""
import itertools
import sys

import pika


def main():
    uri, routing_key, file = sys.argv[1:4]
    count = int(sys.argv[4]) if len(sys.argv) > 4 else None
    connection = pika.BlockingConnection(pika.URLParameters(uri))
    channel = connection.channel()
    channel.confirm_delivery()
    properties = pika.BasicProperties(delivery_mode=2)
    with open(file, "rb") as lines:
        for line in itertools.islice(lines, count):
            channel.basic_publish("", routing_key, line.rstrip(b"\n"), properties, mandatory=True)
    connection.close()


main()
