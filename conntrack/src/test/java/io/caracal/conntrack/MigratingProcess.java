package io.caracal.conntrack;

import java.nio.file.Path;

/** The process that {@link FlowMigrationTest} kills while it moves flows from one shard to two. */
final class MigratingProcess {
    private MigratingProcess() {
    }

    public static void main(final String[] arguments) {
        final Path directory = Path.of(arguments[0]);
        System.out.println("begins");
        FlowMigration.run(shard -> directory.resolve("ipv4-flows-" + shard),
            new FlowImageSpec(4, Integer.parseInt(arguments[1]), 0, 2), BootIdentity.current(),
            FlowMigrationTest.steering(2));
    }
}
