/* SPDX-License-Identifier: Apache-2.0
 *
 * Nobody starves: an interrupt that is pending, enabled and unmasked for a vCPU that is ready or
 * waiting is delivered in the end. One pCPU ("home") has two vCPUs of one rank that take turns.
 * Others post into their mailboxes (hyp/core/vgic/mailbox.hpp), then tell home's inbox, and kick
 * home if that was empty. One posts to vCPU 0, one to either, so that posts meet in a box and in the
 * inbox. vCPU 0 also has a timer, which is EL2's to watch while it sleeps, and masks interrupts for
 * a while, and may sleep meanwhile.
 *
 * Steps are sequentially consistent: that the barriers make them so is not shown here. What changes
 * nothing that others see is one step with what does; locals are reset, for fewer states.
 *
 * The environment variable FAULT breaks one of the rules: run.sh shows that each is needed.
 */
#define LOOK_ONCE 1    /* a kick is acknowledged before home looks what it is for, never after */
#define NO_TURNS 2     /* a turn ends when another of the rank is ready */
#define POST_LATE 3    /* the interrupt is in the box before home is told */
#define NO_ALARM 4     /* EL2's timer fires at a sleeper's deadline */
#define MASKED_SLEEP 5 /* WFI does not sleep while something is pending, masked or not */
#define SPLIT_TAKE 6   /* home reads and empties its inbox in one step */
byte fault;

#define TIMER 2
#define flag(n) (1 << (n))

bool waits[3]; /* from when it is pending until the guest's handler has run */
byte watched;  /* the one that the claim is about */
ltl delivered { [] (waits[watched] -> <> !waits[watched]) }

/* Between posters and home. */
byte box[2];  /* a vCPU's mailbox: a bit for each poster */
byte inbox;   /* a bit for each vCPU whose box was empty */
bool kick;    /* the SGI is pending at home */

/* EL2's timer. */
bool armed;   /* the deadline of vCPU 0, asleep, has not come */
bool due;     /* it has */
bool alarm;   /* the interrupt is pending at home */

/* Home's alone. */
byte listed[2]; /* pending in the vCPU's interrupt state, by the numbers of `waits` */
bool asleep[2];
byte masked;    /* vCPU 0's PSTATE.I: 0 open, 1 masked, 2 masked and has slept */

#define is_over (over && fault != NO_TURNS && !asleep[1 - turn])
#define is_irq (kick || alarm)
#define runs (!is_irq && !is_over && !asleep[turn])
#define delivers (runs && listed[turn] && (turn || !masked))

proctype post(bit n)
{
    bit to;
    bool first;
    do
    :: d_step {
        !waits[n] -> waits[n] = true; first = (box[to] == 0);
        if
        :: fault != POST_LATE -> box[to] = box[to] | flag(n)
        :: else
        fi
       };
       if
       :: first ->
            d_step { first = (inbox == 0); inbox = inbox | flag(to) };
            if
            :: first -> d_step { kick = true; first = false }
            :: else
            fi
       :: else
       fi;
       if
       :: fault == POST_LATE -> box[to] = box[to] | flag(n)
       :: else
       fi
    :: n && !waits[n] -> to = 1 - to
    :: break
    od
}

proctype clock()
{
    do
    :: d_step {
        armed -> armed = false; due = true; waits[TIMER] = true; alarm = (fault != NO_ALARM)
       }
    od
}

inline wake(v, what)
{
    listed[v] = listed[v] | what;
    asleep[v] = false
}

inline look_into(v)
{
    d_step {
        if
        :: (told & flag(v)) && box[v] -> wake(v, box[v]); box[v] = 0
        :: else
        fi
    }
}

/* The scheduler: who has the turn keeps it until it sleeps, or is over and another is ready. */
inline decide()
{
    told = 0;
    if
    :: due -> wake(0, flag(TIMER)); due = false
    :: else
    fi;
    if
    :: !asleep[0] -> armed = false
    :: else
    fi;
    if
    :: asleep[turn] || is_over ->
        over = false;
        if
        :: !asleep[1 - turn] -> turn = 1 - turn
        :: else
        fi
    :: else
    fi
}

inline handle(n)
{
    if
    :: listed[turn] & flag(n) -> waits[n] = false
    :: else
    fi
}

/* The guest runs until a physical interrupt, the end of its turn, or WFI. */
inline run_guest()
{
    do
    :: d_step {
        delivers -> over = true;
        handle(0); handle(1); handle(TIMER);
        listed[turn] = 0
       }
    :: d_step { runs && !delivers && !listed[turn] -> over = true }
    :: d_step { runs && !delivers && !turn && !masked -> over = true; masked = 1 }
    :: d_step { runs && !delivers && !turn && masked -> over = true; masked = 0 }
    :: d_step { /* WFI */
        runs && !delivers && (turn || masked != 2) ->
        if
        :: !turn && masked -> masked = 2
        :: else
        fi;
        asleep[turn] = (!listed[turn] || fault == MASKED_SLEEP)
       };
       break
    :: !runs -> break
    od;
    if
    :: asleep[0] && !turn && !armed -> armed = true
    :: true
    fi
}

#define acknowledge kick = false; alarm = false

init
{
    bool turn, over;
    byte told;
    atomic {
        c_code {
            const char *number = getenv("FAULT");
            now.fault = number ? (unsigned char)atoi(number) : 0;
        };
        if
        :: watched = 1
        :: watched = TIMER
        fi;
        run post(0);
        run post(1);
        run clock()
    };
    /* Home, from exit to entry. */
    do
    :: if
       :: fault != LOOK_ONCE -> d_step { acknowledge }
       :: else
       fi;
       if
       :: fault != SPLIT_TAKE -> d_step { told = inbox; inbox = 0 }
       :: else -> told = inbox; inbox = 0
       fi;
       look_into(0);
       look_into(1);
       d_step {
           if
           :: fault == LOOK_ONCE -> acknowledge
           :: else
           fi;
           decide()
       };
       if
       :: asleep[turn] -> is_irq /* WFI of EL2 */
       :: else -> run_guest()
       fi
    od
}
