package io.caracal.bindings;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.caracal.bindings.gen.libbpf_h;
import java.lang.foreign.FunctionDescriptor;
import java.lang.invoke.MethodType;
import java.lang.reflect.Method;
import java.lang.reflect.Modifier;
import org.junit.jupiter.api.Test;

class LibBpfCallsTest {
    @Test
    void shouldTakeTheTypesThatJextractFound() throws ReflectiveOperationException {
        int compared = 0;
        for (final Method method : LibBpfCalls.class.getDeclaredMethods()) {
            if (Modifier.isPrivate(method.getModifiers()) || method.isSynthetic()) {
                continue;
            }
            final FunctionDescriptor expected =
                (FunctionDescriptor)libbpf_h.class.getMethod(method.getName() + "$descriptor").invoke(null);
            assertEquals(expected.toMethodType(),
                MethodType.methodType(method.getReturnType(), method.getParameterTypes()), method.getName());
            compared++;
        }
        assertTrue(compared >= 50, "compared " + compared);
    }
}
