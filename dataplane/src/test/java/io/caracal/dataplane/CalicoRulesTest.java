package io.caracal.dataplane;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.util.List;

import io.caracal.handover.CalicoRules;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

/** Rules of a real Felix among others, in a real kernel. */
@Timeout(60)
class CalicoRulesTest extends TwoPodNode {
    CalicoRulesTest() {
        super("calicorules");
    }

    private String rules() throws Exception {
        return (view.onNode("iptables-legacy-save") + view.onNode("iptables-nft-save") + view.onNode("ipset", "save")
            + view.onNode("nft", "list", "tables")).lines()
            .filter(line -> !line.startsWith("#")).map(line -> line.replaceAll("\\[\\d+:\\d+]", ""))
            .reduce("", (all, line) -> all + line + "\n");
    }

    @Test
    void shouldRemoveWhatIsCalicosAndNothingElse() throws Exception {
        view.onNode("iptables-legacy", "-t", "nat", "-N", "KUBE-SERVICES");
        view.onNode("iptables-legacy", "-t", "nat", "-A", "PREROUTING", "-m", "comment", "--comment",
            "kubernetes service portals", "-j", "KUBE-SERVICES");
        view.onNode("iptables-legacy", "-A", "FORWARD", "-s", "192.0.2.0/24", "-m", "comment", "--comment",
            "not of cali: at all", "-j", "DROP");
        for (final String table : List.of("raw", "mangle", "filter")) {
            view.onNode("iptables-legacy", "-t", table, "-L", "-n");
        }
        view.onNode("ipset", "create", "california", "hash:ip");
        view.onNode("iptables-nft", "-N", "OTHER");
        final String before = rules();
        assertEquals(List.of(), node.call(CalicoRules::find));

        new FelixRules(node, client, web, node).restoreBeside();
        view.onNode("iptables-nft", "-N", "cali-FORWARD");
        view.onNode("iptables-nft", "-A", "FORWARD", "-m", "comment", "--comment", "cali:wUHhoiAYhphO9Mso", "-j",
            "cali-FORWARD");
        view.onNode("nft", "add", "table", "ip", "calico");
        final List<String> found = node.call(CalicoRules::find);
        assertTrue(found.contains("36 chains cali-… and 5 rules in other chains of iptables-legacy table filter"),
            found.toString());
        assertTrue(found.contains("1 chains cali-… and 1 rules in other chains of iptables-nft table filter"),
            found.toString());
        assertTrue(found.containsAll(List.of("nftables table ip calico", "6 IP sets cali40this-host …")),
            found.toString());
        assertTrue(rules().contains("cali-FORWARD"), "looking changes nothing");

        assertEquals(found, node.call(CalicoRules::remove));

        assertEquals(before, rules());
        assertEquals(List.of(), node.call(CalicoRules::find));
    }
}
