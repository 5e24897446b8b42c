package io.caracal.stage;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.util.concurrent.atomic.AtomicBoolean;
import java.util.concurrent.locks.LockSupport;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

/** Two threads and the slots between them: every question is answered, with its own answer. */
class ClientQuestionsTest {
    private static final int QUESTIONS = 100_000;

    @Test
    @Timeout(60)
    void shouldAnswerEveryQuestionWithItsOwnAnswer() throws Exception {
        final AtomicBoolean isOver = new AtomicBoolean();
        final Thread[] other = new Thread[1];
        final ClientQuestions questions = new ClientQuestions(() -> LockSupport.unpark(other[0]));
        other[0] = Thread.ofPlatform().unstarted(() -> {
            while (!isOver.get()) {
                if (questions.answer(ClientQuestionsTest::turnRound) == 0) {
                    LockSupport.park();
                }
            }
        });
        other[0].start();
        int asked = 0;
        int answered = 0;
        final int[] numberOfSlot = new int[ClientQuestions.SLOTS];
        while (answered < QUESTIONS) {
            final int slot = asked < QUESTIONS ? questions.freeSlot() : -1;
            if (slot >= 0) {
                questions.fill(slot, true, 6, asked & 0xFFFF, 80);
                questions.fillAddresses(slot, asked, ~asked, 1, 2);
                numberOfSlot[slot] = asked++;
                questions.ask(slot);
            }
            for (int each = 0; each < ClientQuestions.SLOTS; each++) {
                if (questions.isAnswered(each)) {
                    final int number = numberOfSlot[each];
                    assertEquals(~number, (int)questions.clientHigh(each));
                    assertEquals(number, (int)questions.clientLow(each));
                    assertEquals(number + 1 & 0xFFFF, questions.clientPort(each));
                    questions.free(each);
                    answered++;
                }
            }
        }
        isOver.set(true);
        LockSupport.unpark(other[0]);
        other[0].join();
        assertEquals(QUESTIONS, asked);
    }

    private static boolean turnRound(final ClientQuestions questions, final int slot) {
        questions.client(slot, questions.sourceLow(slot), questions.sourceHigh(slot),
            questions.sourcePort(slot) + 1 & 0xFFFF);
        return true;
    }

    @Test
    void shouldLeaveThePacketsSourceWhereNobodyKnows() {
        final ClientQuestions questions = new ClientQuestions(() -> { });
        final int slot = questions.freeSlot();
        questions.fill(slot, false, 17, 5000, 53);
        questions.fillAddresses(slot, 0x0a00_0001L << 32, 0, 0x0a00_0002L << 32, 0);
        assertFalse(questions.isAnswered(slot));
        questions.ask(slot);
        assertEquals(1, questions.answer((all, each) -> all.isIpv6(each)));
        assertTrue(questions.isAnswered(slot));
        assertEquals(0x0a00_0001L << 32, questions.clientHigh(slot));
        assertEquals(5000, questions.clientPort(slot));
        assertEquals(0, questions.answer((all, each) -> true), "an answer is no question");
    }

    @Test
    void shouldHaveAnEnd() {
        final ClientQuestions questions = new ClientQuestions(() -> { });
        for (int open = 0; open < ClientQuestions.SLOTS; open++) {
            questions.ask(questions.freeSlot());
        }
        assertEquals(-1, questions.freeSlot());
    }
}
