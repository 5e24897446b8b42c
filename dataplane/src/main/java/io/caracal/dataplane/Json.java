package io.caracal.dataplane;

import com.fasterxml.jackson.databind.json.JsonMapper;

/** Writes and reads JSON. Made by who first needs it, which no start does: it takes 10 ms and more. Any thread. */
final class Json {
    static final JsonMapper MAPPER = new JsonMapper();

    private Json() {
    }
}
