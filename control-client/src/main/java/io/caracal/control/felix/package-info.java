/** Felix's side of control: frames, the state that Felix has told, and its translation into {@code ControlUpdate}s. */
package io.caracal.control.felix;
