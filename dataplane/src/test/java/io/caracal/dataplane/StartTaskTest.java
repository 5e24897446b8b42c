package io.caracal.dataplane;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertSame;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.util.concurrent.CountDownLatch;
import java.util.concurrent.atomic.AtomicReference;
import org.junit.jupiter.api.Test;

class StartTaskTest {
    @Test
    void shouldRunOnAThreadOfItsOwn() {
        final AtomicReference<String> thread = new AtomicReference<>();
        StartTask.begin("programs", () -> thread.set(Thread.currentThread().getName())).await();
        assertEquals("caracal-programs", thread.get());
    }

    @Test
    void shouldThrowWhatTheWorkThrew() {
        final IllegalStateException failure = new IllegalStateException("no such directory");
        final StartTask task = StartTask.begin("source", () -> {
            throw failure;
        });
        assertSame(failure, assertThrows(IllegalStateException.class, task::await));
        task.close();
    }

    @Test
    void shouldWaitForTheEndWhenClosed() throws InterruptedException {
        final CountDownLatch begun = new CountDownLatch(1);
        final AtomicReference<Boolean> ended = new AtomicReference<>(false);
        final StartTask task = StartTask.begin("slow", () -> {
            begun.countDown();
            Thread.yield();
            ended.set(true);
        });
        begun.await();
        task.close();
        assertTrue(ended.get());
    }
}
