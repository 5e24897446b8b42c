package io.caracal.control.manifest;

import java.util.ArrayList;
import java.util.List;

/** Cuts a selector's text into tokens (libcalico-go/lib/selector/tokenizer); blanks are spaces and tabs. */
final class SelectorLexer {
    private static final int LABEL_MAX_LENGTH = 512;

    /** Kinds of tokens. */
    enum Kind {
        LABEL, STRING, OPEN_BRACE, CLOSE_BRACE, COMMA, EQUALS, DIFFERS, CONTAINS, STARTS_WITH, ENDS_WITH, IN, NOT_IN,
        NOT, ALL, GLOBAL, HAS, OPEN, CLOSE, AND, OR, END
    }

    /** A token with where it begins, from 0; text is a label's name or a string's content. */
    record Token(Kind kind, String text, int at) {
    }

    private final String text;
    private final List<Token> tokens = new ArrayList<>();
    private int at;

    SelectorLexer(final String text) {
        this.text = text;
    }

    /** @throws IllegalArgumentException saying what was expected and where. */
    List<Token> tokens() {
        skipBlanks();
        while (at < text.length()) {
            next();
            skipBlanks();
        }
        tokens.add(new Token(Kind.END, "", at));
        return tokens;
    }

    private void next() {
        switch (text.charAt(at)) {
            case '(' -> add(Kind.OPEN, 1);
            case ')' -> add(Kind.CLOSE, 1);
            case '{' -> add(Kind.OPEN_BRACE, 1);
            case '}' -> add(Kind.CLOSE_BRACE, 1);
            case ',' -> add(Kind.COMMA, 1);
            case '"', '\'' -> addString();
            case '=' -> addPair(Kind.EQUALS, "==");
            case '&' -> addPair(Kind.AND, "&&");
            case '|' -> addPair(Kind.OR, "||");
            case '!' -> add(text.startsWith("!=", at) ? Kind.DIFFERS : Kind.NOT, text.startsWith("!=", at) ? 2 : 1);
            default -> addWord();
        }
    }

    private void add(final Kind kind, final int length) {
        tokens.add(new Token(kind, "", at));
        at += length;
    }

    private void addPair(final Kind kind, final String symbol) {
        if (!text.startsWith(symbol, at)) {
            throw refused("expected " + symbol);
        }
        add(kind, symbol.length());
    }

    private void addString() {
        final int end = text.indexOf(text.charAt(at), at + 1);
        if (end < 0) {
            throw refused("a string without its closing quote");
        }
        tokens.add(new Token(Kind.STRING, text.substring(at + 1, end), at));
        at = end + 1;
    }

    private void addWord() {
        if (!tokens.isEmpty() && tokens.getLast().kind() == Kind.LABEL) {
            addOperator();
        } else if (text.startsWith("has(", at)) {
            addFunction(Kind.HAS, "has(");
        } else if (text.startsWith("all(", at)) {
            addFunction(Kind.ALL, "all(");
        } else if (text.startsWith("global(", at)) {
            addFunction(Kind.GLOBAL, "global(");
        } else {
            final int start = at;
            tokens.add(new Token(Kind.LABEL, identifier(), start));
        }
    }

    private void addOperator() {
        if (!takeWords(Kind.CONTAINS, "contains") && !takeWords(Kind.STARTS_WITH, "starts", "with")
            && !takeWords(Kind.ENDS_WITH, "ends", "with") && !takeWords(Kind.NOT_IN, "not", "in")
            && !takeWords(Kind.IN, "in")) {
            throw refused("expected an operator after label " + tokens.getLast().text());
        }
    }

    private boolean takeWords(final Kind kind, final String... words) {
        int end = at;
        for (final String word : words) {
            end = blanksEnd(end);
            if (!text.startsWith(word, end)) {
                return false;
            }
            end += word.length();
        }
        if (end < text.length() && isIdentifier(text.charAt(end))) {
            return false;
        }
        tokens.add(new Token(kind, "", at));
        at = end;
        return true;
    }

    private void addFunction(final Kind kind, final String name) {
        final int start = at;
        at += name.length();
        skipBlanks();
        final String label = kind == Kind.HAS ? identifier() : "";
        skipBlanks();
        if (at >= text.length() || text.charAt(at) != ')') {
            throw refused("expected ) after " + name);
        }
        at++;
        tokens.add(new Token(kind, label, start));
    }

    private String identifier() {
        final int start = at;
        while (at < text.length() && isIdentifier(text.charAt(at))) {
            at++;
        }
        if (at == start) {
            throw refused("expected a label");
        }
        if (at - start > LABEL_MAX_LENGTH) {
            throw refused("a label longer than " + LABEL_MAX_LENGTH + " characters");
        }
        return text.substring(start, at);
    }

    private static boolean isIdentifier(final char c) {
        return c >= 'a' && c <= 'z' || c >= 'A' && c <= 'Z' || c >= '0' && c <= '9'
            || c == '_' || c == '.' || c == '/' || c == '-';
    }

    private void skipBlanks() {
        at = blanksEnd(at);
    }

    private int blanksEnd(final int from) {
        int end = from;
        while (end < text.length() && (text.charAt(end) == ' ' || text.charAt(end) == '\t')) {
            end++;
        }
        return end;
    }

    private IllegalArgumentException refused(final String what) {
        return new IllegalArgumentException("selector '" + text + "', at character " + (at + 1) + ": " + what);
    }
}
