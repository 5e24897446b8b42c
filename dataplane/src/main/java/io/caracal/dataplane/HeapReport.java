package io.caracal.dataplane;

import java.lang.management.GarbageCollectorMXBean;
import java.lang.management.ManagementFactory;
import java.lang.management.MemoryPoolMXBean;
import java.lang.management.MemoryType;
import java.lang.management.MemoryUsage;
import java.util.LinkedHashMap;
import java.util.Map;

/** The Java heap as {@code status} shows it: what control keeps lies there, packets and flows do not. Any thread. */
final class HeapReport {
    private HeapReport() {
    }

    static Map<String, Object> now() {
        final MemoryUsage heap = ManagementFactory.getMemoryMXBean().getHeapMemoryUsage();
        final Map<String, Object> report = new LinkedHashMap<>();
        report.put("usedBytes", heap.getUsed());
        report.put("usedAfterCollectionBytes", usedAfterCollection());
        report.put("committedBytes", heap.getCommitted());
        report.put("maxBytes", heap.getMax());
        final Map<String, Object> collections = new LinkedHashMap<>();
        for (final GarbageCollectorMXBean collector : ManagementFactory.getGarbageCollectorMXBeans()) {
            collections.put(collector.getName(),
                Map.of("count", collector.getCollectionCount(), "ms", collector.getCollectionTime()));
        }
        report.put("collections", collections);
        return report;
    }

    private static long usedAfterCollection() {
        return ManagementFactory.getMemoryPoolMXBeans().stream().filter(pool -> pool.getType() == MemoryType.HEAP)
            .map(MemoryPoolMXBean::getCollectionUsage).filter(usage -> usage != null)
            .mapToLong(MemoryUsage::getUsed).sum();
    }
}
