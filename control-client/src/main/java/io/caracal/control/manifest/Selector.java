package io.caracal.control.manifest;

import io.caracal.control.manifest.SelectorLexer.Kind;
import io.caracal.control.manifest.SelectorLexer.Token;
import io.caracal.control.manifest.SelectorNode.Comparison;
import java.util.ArrayList;
import java.util.List;
import java.util.TreeSet;
import java.util.function.UnaryOperator;

/**
 * A Calico label selector: its whole grammar, evaluated as Felix does, and with Felix's canonical text, so that equal
 * selectors give the same IP set. Immutable.
 */
public final class Selector {
    /** Selects everything. */
    public static final Selector ALL = parse("all()");

    /** Deeper than any selector that a person or tool writes; a limit because the parser descends. */
    private static final int DEPTH_MAX = 100;

    private final SelectorNode root;
    private final String text;

    private Selector(final SelectorNode root) {
        this.root = root;
        text = root.toString();
    }

    /**
     * Reads a selector; an empty one selects all.
     *
     * @param text as in a policy's {@code spec.selector}.
     * @return the selector.
     * @throws IllegalArgumentException saying what was expected at which character.
     */
    public static Selector parse(final String text) {
        final String line = text.replace('\n', ' ').replace('\r', ' ');
        final Parser parser = new Parser(line, new SelectorLexer(line).tokens());
        return new Selector(parser.root());
    }

    /**
     * Whether labels are selected.
     *
     * @param labels value of a label by its name, null where there is no such label.
     * @return whether they are.
     */
    public boolean matches(final UnaryOperator<String> labels) {
        return root.matches(labels);
    }

    /**
     * The same selector over labels with a prefix.
     *
     * @param prefix put before every label's name.
     * @return another selector.
     */
    public Selector prefixed(final String prefix) {
        return new Selector(root.prefixed(prefix));
    }

    /**
     * The id of the IP set of everything that is selected (libcalico-go/lib/hash {@code MakeUniqueID}).
     *
     * @return {@code s:} and a hash of the text.
     */
    public String setId() {
        return Hashes.setId("s", text);
    }

    @Override
    public boolean equals(final Object other) {
        return other instanceof final Selector that && text.equals(that.text);
    }

    @Override
    public int hashCode() {
        return text.hashCode();
    }

    /**
     * Felix's canonical text.
     *
     * @return parses to an equal selector.
     */
    @Override
    public String toString() {
        return text;
    }

    /** Recursive descent: or, and, operation. */
    private static final class Parser {
        private final String text;
        private final List<Token> tokens;
        private int next;
        private int depth;

        Parser(final String text, final List<Token> tokens) {
            this.text = text;
            this.tokens = tokens;
        }

        SelectorNode root() {
            if (peek() == Kind.END) {
                return SelectorNode.Everything.ALL;
            }
            final SelectorNode node = or();
            expect(Kind.END, "the end");
            return node;
        }

        private SelectorNode or() {
            if (++depth > DEPTH_MAX) {
                throw refused("brackets nested deeper than " + DEPTH_MAX);
            }
            final List<SelectorNode> operands = new ArrayList<>(List.of(and()));
            while (peek() == Kind.OR) {
                next++;
                operands.add(and());
            }
            depth--;
            return operands.size() == 1 ? operands.getFirst() : new SelectorNode.Or(List.copyOf(operands));
        }

        private SelectorNode and() {
            final List<SelectorNode> operands = new ArrayList<>(List.of(operation()));
            while (peek() == Kind.AND) {
                next++;
                operands.add(operation());
            }
            return operands.size() == 1 ? operands.getFirst() : new SelectorNode.And(List.copyOf(operands));
        }

        private SelectorNode operation() {
            boolean negated = false;
            while (peek() == Kind.NOT) {
                next++;
                negated = !negated;
            }
            final SelectorNode node = plainOperation();
            return negated ? new SelectorNode.Not(node) : node;
        }

        private SelectorNode plainOperation() {
            return switch (peek()) {
                case HAS -> new SelectorNode.Has(take().text());
                case ALL -> {
                    take();
                    yield SelectorNode.Everything.ALL;
                }
                case GLOBAL -> {
                    take();
                    yield SelectorNode.Everything.GLOBAL;
                }
                case OPEN -> {
                    take();
                    final SelectorNode inner = or();
                    expect(Kind.CLOSE, ")");
                    yield inner;
                }
                case LABEL -> comparison(take().text());
                default -> throw refused("expected a label, has(), all(), global() or (");
            };
        }

        private SelectorNode comparison(final String label) {
            final Kind operator = peek();
            return switch (operator) {
                case EQUALS -> compare(label, Comparison.EQUALS);
                case DIFFERS -> compare(label, Comparison.DIFFERS);
                case CONTAINS -> compare(label, Comparison.CONTAINS);
                case STARTS_WITH -> compare(label, Comparison.STARTS_WITH);
                case ENDS_WITH -> compare(label, Comparison.ENDS_WITH);
                case IN, NOT_IN -> in(label, operator == Kind.NOT_IN);
                default -> throw refused("expected ==, !=, in, not in, contains, starts with or ends with");
            };
        }

        private SelectorNode compare(final String label, final Comparison comparison) {
            next++;
            return new SelectorNode.Compare(label, comparison, expect(Kind.STRING, "a string in quotes").text());
        }

        private SelectorNode in(final String label, final boolean negated) {
            next++;
            expect(Kind.OPEN_BRACE, "{");
            final TreeSet<String> values = new TreeSet<>(Hashes.BYTE_ORDER);
            while (peek() == Kind.STRING) {
                values.add(take().text());
                if (peek() != Kind.COMMA) {
                    break;
                }
                next++;
            }
            expect(Kind.CLOSE_BRACE, "}");
            return new SelectorNode.In(label, values, negated);
        }

        private Kind peek() {
            return tokens.get(next).kind();
        }

        private Token take() {
            return tokens.get(next++);
        }

        private Token expect(final Kind kind, final String what) {
            if (peek() != kind) {
                throw refused("expected " + what);
            }
            return take();
        }

        private IllegalArgumentException refused(final String what) {
            return new IllegalArgumentException(
                "selector '" + text + "', at character " + (tokens.get(next).at() + 1) + ": " + what);
        }
    }
}
