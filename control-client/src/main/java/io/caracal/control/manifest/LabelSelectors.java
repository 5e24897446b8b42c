package io.caracal.control.manifest;

import java.util.ArrayList;
import java.util.List;
import java.util.Set;
import java.util.stream.Collectors;

/** Kubernetes' label selectors → Calico's, text for text as libcalico-go's {@code k8sSelectorToCalico} writes them. */
final class LabelSelectors {
    private LabelSelectors() {
    }

    /** Of pods: never anything but Kubernetes' own. */
    static String pods(final ManifestFields selector) {
        final List<String> terms = new ArrayList<>(List.of("projectcalico.org/orchestrator == 'k8s'"));
        terms.addAll(terms(selector));
        return String.join(" && ", terms);
    }

    /** Of namespaces: an empty one selects all; none at all selects nothing by namespace. */
    static String namespaces(final ManifestFields selector) {
        if (selector == null) {
            return "";
        }
        final List<String> terms = terms(selector);
        return terms.isEmpty() ? "all()" : String.join(" && ", terms);
    }

    private static List<String> terms(final ManifestFields selector) {
        final List<String> terms = new ArrayList<>();
        if (selector == null) {
            return terms;
        }
        selector.allowOnly(Set.of("matchLabels", "matchExpressions"));
        selector.map("matchLabels").forEach((label, value) -> terms.add(label + " == '" + value + "'"));
        for (final ManifestFields expression : selector.objects("matchExpressions")) {
            expression.allowOnly(Set.of("key", "operator", "values"));
            final String key = expression.required("key");
            final String values = expression.texts("values").stream().collect(Collectors.joining("', '", "{ '", "' }"));
            switch (expression.required("operator")) {
                case "In" -> terms.add(key + " in " + values);
                case "NotIn" -> terms.add(key + " not in " + values);
                case "Exists" -> terms.add("has(" + key + ")");
                case "DoesNotExist" -> terms.add("! has(" + key + ")");
                default -> expression.refuse("/operator", "is none of In, NotIn, Exists, DoesNotExist");
            }
        }
        return terms;
    }
}
