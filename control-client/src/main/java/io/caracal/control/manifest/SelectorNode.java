package io.caracal.control.manifest;

import java.util.List;
import java.util.SortedSet;
import java.util.function.UnaryOperator;
import java.util.stream.Collectors;

/**
 * One node of a parsed selector. Its text is Felix's canonical form (libcalico-go/lib/selector/parser): operands of
 * {@code &&} and {@code ||} always in brackets, double quotes unless the value holds one, sets sorted.
 */
sealed interface SelectorNode {
    /** How a label's value is compared. */
    enum Comparison {
        EQUALS(" == "), DIFFERS(" != "), CONTAINS(" contains "), STARTS_WITH(" starts with "), ENDS_WITH(" ends with ");

        private final String symbol;

        Comparison(final String symbol) {
            this.symbol = symbol;
        }
    }

    /** Whether labels (name to value, null where there is none) are selected. */
    boolean matches(UnaryOperator<String> labels);

    /** The same with every label's name prefixed, as Calico reaches for labels of namespaces and service accounts. */
    SelectorNode prefixed(String prefix);

    /** What selects all whatever its labels are. */
    enum Everything implements SelectorNode {
        /** {@code all()}. */
        ALL("all()"),
        /** {@code global()}, which only a namespace selector gives a meaning, by replacing it. */
        GLOBAL("global()");

        private final String text;

        Everything(final String text) {
            this.text = text;
        }

        @Override
        public boolean matches(final UnaryOperator<String> labels) {
            return true;
        }

        @Override
        public SelectorNode prefixed(final String prefix) {
            return this;
        }

        @Override
        public String toString() {
            return text;
        }
    }

    /** {@code has(label)}. */
    record Has(String label) implements SelectorNode {
        @Override
        public boolean matches(final UnaryOperator<String> labels) {
            return labels.apply(label) != null;
        }

        @Override
        public SelectorNode prefixed(final String prefix) {
            return new Has(prefix + label);
        }

        @Override
        public String toString() {
            return "has(" + label + ")";
        }
    }

    /** {@code label == "value"} and its kin. A label that is not there differs from every value. */
    record Compare(String label, Comparison comparison, String value) implements SelectorNode {
        @Override
        public boolean matches(final UnaryOperator<String> labels) {
            final String actual = labels.apply(label);
            if (actual == null) {
                return comparison == Comparison.DIFFERS;
            }
            return switch (comparison) {
                case EQUALS -> actual.equals(value);
                case DIFFERS -> !actual.equals(value);
                case CONTAINS -> actual.contains(value);
                case STARTS_WITH -> actual.startsWith(value);
                case ENDS_WITH -> actual.endsWith(value);
            };
        }

        @Override
        public SelectorNode prefixed(final String prefix) {
            return new Compare(prefix + label, comparison, value);
        }

        @Override
        public String toString() {
            return label + comparison.symbol + quoted(value);
        }
    }

    /** {@code label in {"a", "b"}} and {@code label not in {…}}; a label that is not there is in no set. */
    record In(String label, SortedSet<String> values, boolean negated) implements SelectorNode {
        @Override
        public boolean matches(final UnaryOperator<String> labels) {
            final String actual = labels.apply(label);
            return (actual != null && values.contains(actual)) != negated;
        }

        @Override
        public SelectorNode prefixed(final String prefix) {
            return new In(prefix + label, values, negated);
        }

        @Override
        public String toString() {
            return label + (negated ? " not in " : " in ")
                + values.stream().map(SelectorNode::quoted).collect(Collectors.joining(", ", "{", "}"));
        }
    }

    /** {@code !operand}. */
    record Not(SelectorNode operand) implements SelectorNode {
        @Override
        public boolean matches(final UnaryOperator<String> labels) {
            return !operand.matches(labels);
        }

        @Override
        public SelectorNode prefixed(final String prefix) {
            return new Not(operand.prefixed(prefix));
        }

        @Override
        public String toString() {
            return "!" + operand;
        }
    }

    /** {@code a && b && c}. */
    record And(List<SelectorNode> operands) implements SelectorNode {
        @Override
        public boolean matches(final UnaryOperator<String> labels) {
            return operands.stream().allMatch(operand -> operand.matches(labels));
        }

        @Override
        public SelectorNode prefixed(final String prefix) {
            return new And(operands.stream().map(operand -> operand.prefixed(prefix)).toList());
        }

        @Override
        public String toString() {
            return operands.stream().map(Object::toString).collect(Collectors.joining(" && ", "(", ")"));
        }
    }

    /** {@code a || b || c}. */
    record Or(List<SelectorNode> operands) implements SelectorNode {
        @Override
        public boolean matches(final UnaryOperator<String> labels) {
            return operands.stream().anyMatch(operand -> operand.matches(labels));
        }

        @Override
        public SelectorNode prefixed(final String prefix) {
            return new Or(operands.stream().map(operand -> operand.prefixed(prefix)).toList());
        }

        @Override
        public String toString() {
            return operands.stream().map(Object::toString).collect(Collectors.joining(" || ", "(", ")"));
        }
    }

    private static String quoted(final String value) {
        final char quote = value.indexOf('"') >= 0 ? '\'' : '"';
        return quote + value + quote;
    }
}
