package io.caracal.house;

import static com.tngtech.archunit.lang.syntax.ArchRuleDefinition.noClasses;
import static com.tngtech.archunit.library.Architectures.layeredArchitecture;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.lang.foreign.Linker;
import java.lang.invoke.MethodHandle;
import java.util.Set;

import com.tngtech.archunit.base.DescribedPredicate;
import com.tngtech.archunit.core.domain.JavaCall;
import com.tngtech.archunit.core.domain.JavaClass;
import com.tngtech.archunit.core.domain.JavaClasses;
import com.tngtech.archunit.core.importer.ClassFileImporter;
import com.tngtech.archunit.core.importer.ImportOption;
import com.tngtech.archunit.lang.ArchRule;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;

/** The arrows between modules (docs/architecture.md) and what must not appear on the packet path. */
class ArrowsTest {
    private static final String[] BURST_CODE = {
        "io.caracal.burst..", "io.caracal.stage..", "io.caracal.wire..", "io.caracal.umem..",
        "io.caracal.nat.."
    };
    private static final Set<String> BOXES = Set.of("java.lang.Integer", "java.lang.Long", "java.lang.Short",
        "java.lang.Byte", "java.lang.Boolean", "java.lang.Character");

    /** What the control thread runs to describe and build a table, in the package of the stage that reads it. */
    private static final DescribedPredicate<JavaClass> SET_UP = DescribedPredicate.describe("set a table up",
        (final JavaClass each) -> each.getName().endsWith("Builder") || each.getSimpleName().equals("Workload"));

    private static JavaClasses classes;

    @BeforeAll
    static void importClasses() {
        classes = new ClassFileImporter().withImportOption(new ImportOption.DoNotIncludeTests())
            .importPackages("io.caracal");
        assertTrue(classes.size() > 50, "the classes of all modules are on the class path, found " + classes.size());
    }

    private static void check(final ArchRule rule) {
        rule.check(classes);
    }

    @Test
    void shouldPointOnlyAsTheHouseIsDrawn() {
        check(layeredArchitecture().consideringOnlyDependenciesInAnyPackage("io.caracal..")
            .layer("bindings").definedBy("io.caracal.bindings..", "io.caracal.netlink..")
            .layer("xdp").definedBy("io.caracal.xdp..")
            .layer("path").definedBy("io.caracal.umem..", "io.caracal.wire..", "io.caracal.burst..",
                "io.caracal.xsk..", "io.caracal.stage..", "io.caracal.port..", "io.caracal.worker..",
                "io.caracal.route..", "io.caracal.nat..")
            .optionalLayer("conntrack").definedBy("io.caracal.conntrack..")
            .optionalLayer("policy").definedBy("io.caracal.policy..")
            .layer("control").definedBy("io.caracal.control..")
            .layer("dataplane").definedBy("io.caracal.dataplane..", "io.caracal.handover..", "io.caracal.kernel..",
                "io.caracal.network..", "io.caracal.cli..", "io.caracal.lab..", "io.caracal.demo..")
            .whereLayer("bindings").mayOnlyBeAccessedByLayers("xdp", "path", "conntrack", "control", "dataplane")
            .whereLayer("xdp").mayOnlyBeAccessedByLayers("dataplane")
            .whereLayer("path").mayOnlyBeAccessedByLayers("conntrack", "policy", "dataplane")
            .whereLayer("conntrack").mayOnlyBeAccessedByLayers("dataplane")
            .whereLayer("policy").mayOnlyBeAccessedByLayers("control", "dataplane")
            .whereLayer("control").mayOnlyBeAccessedByLayers("dataplane")
            .whereLayer("dataplane").mayNotBeAccessedByAnyLayer());
    }

    @Test
    void shouldPointOnlyAsThePacketPathIsDrawn() {
        check(layeredArchitecture().consideringOnlyDependenciesInAnyPackage("io.caracal..")
            .layer("umem").definedBy("io.caracal.umem..")
            .layer("wire").definedBy("io.caracal.wire..")
            .layer("burst").definedBy("io.caracal.burst..")
            .layer("xsk").definedBy("io.caracal.xsk..")
            .layer("stage").definedBy("io.caracal.stage..", "io.caracal.nat..")
            .layer("port").definedBy("io.caracal.port..")
            .layer("worker").definedBy("io.caracal.worker..")
            .layer("others").definedBy("io.caracal.dataplane..", "io.caracal.handover..", "io.caracal.kernel..",
                "io.caracal.network..", "io.caracal.conntrack..",
                "io.caracal.policy..", "io.caracal.cli..")
            .whereLayer("stage").mayOnlyBeAccessedByLayers("port", "worker", "others")
            .whereLayer("port").mayOnlyBeAccessedByLayers("worker", "others")
            .whereLayer("xsk").mayOnlyBeAccessedByLayers("port", "worker", "others")
            .whereLayer("worker").mayOnlyBeAccessedByLayers("others"));
    }

    @Test
    void shouldCallNativeCodeThroughOneDoor() {
        check(noClasses().that().resideOutsideOfPackages("io.caracal.bindings..")
            .should().dependOnClassesThat().belongToAnyOf(Linker.class, MethodHandle.class));
    }

    @Test
    void shouldNotLogThroughJavaUtilLogging() {
        check(noClasses().should().dependOnClassesThat().resideInAPackage("java.util.logging.."));
    }

    @Test
    void shouldNotStreamInBurstCode() {
        check(noClasses().that().resideInAnyPackage(BURST_CODE).and(DescribedPredicate.not(SET_UP))
            .should().dependOnClassesThat().resideInAPackage("java.util.stream.."));
    }

    @Test
    void shouldNotBoxInBurstCode() {
        check(noClasses().that().resideInAnyPackage(BURST_CODE).and(DescribedPredicate.not(SET_UP))
            .should().callMethodWhere(
            DescribedPredicate.describe("boxes a number", (final JavaCall<?> call) ->
                "valueOf".equals(call.getName()) && BOXES.contains(call.getTargetOwner().getName())
                    && call.getTarget().getRawParameterTypes().getFirst().isPrimitive())));
    }
}
