/**
 * Views of header bytes. A view has no state: every accessor takes the buffer and the index of the header's first
 * byte, because one object fewer per header is one store and one branch fewer per packet
 * ({@code docs/decisions/001-header-views.md}). {@code isValid} is asked once and names every reason for false;
 * afterwards the accessors cannot fail. Numbers are in host order.
 */
package io.caracal.wire;
