// SPDX-License-Identifier: GPL-3.0-or-later
// A session file, the plans of its drafts, and the session written again.
#include "FuzzInput.h"
#include "Mutators.h"
#include "foundation/Error.h"
#include "session/SessionStore.h"

using namespace secateur;

extern "C" std::size_t LLVMFuzzerCustomMutator(std::uint8_t *data, std::size_t size, std::size_t most, unsigned seed)
{
    return fuzz::mutate(data, size, most, seed, fuzz::changedSafetensors);
}

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t *data, std::size_t size)
{
    static const fuzz::InputFolder folder;
    const fuzz::InputFile input({data, size});
    const fuzz::MemoryGuard guard(2 * size); // it is read again
    fuzz::reading([&] {
        const Session session = loadSession(input.path());
        fuzz::reading([&] { (void)planOf(session, session.draft); });
        for (const PinnedPlan &pin : session.pinned)
            fuzz::reading([&] { (void)planOf(session, pin.draft); });
        for (const Measurement &record : session.measurements)
            (void)textName(record.text);
        if (session.newerFormat)
            return; // for looking at only
        const std::filesystem::path again = folder.path() / "again.secateur";
        saveSession(session, again);
        try {
            (void)loadSession(again);
        } catch (const Error &problem) {
            fuzz::fail(std::string("a session that was read and written cannot be read again: ") + problem.what());
        }
    });
    return 0;
}
