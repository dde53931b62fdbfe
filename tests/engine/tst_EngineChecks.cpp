// SPDX-License-Identifier: GPL-3.0-or-later
#include "engine/EngineChecks.h"
#include "foundation/Error.h"

#include <QtTest>

using namespace secateur;

class tst_EngineChecks : public QObject {
    Q_OBJECT

private slots:
    /// Whoever asks for what is known of tasks and whoever computes them settle on the same.
    void tasksAreSettledByTheModel()
    {
        ModelSpec spec;
        spec.family = "llama";
        spec.contextLength = 2048;
        QCOMPARE(settledTaskSettings({}, spec).bos, BosUse::Never);
        QCOMPARE(settledTaskSettings({}, spec).longest, std::optional<std::int64_t>(2048));
        TaskSettings asked;
        asked.bos = BosUse::Tokenizer;
        asked.longest = 100;
        QCOMPARE(settledTaskSettings(asked, spec), asked);
        for (const char *family : {"gemma2", "gemma3_text"}) {
            spec.family = family;
            QCOMPARE(settledTaskSettings(asked, spec).bos, BosUse::Always);
        }
        asked.longest = 2049;
        QVERIFY_EXCEPTION_THROWN(settledTaskSettings(asked, spec), Error);
    }
};

QTEST_APPLESS_MAIN(tst_EngineChecks)
#include "tst_EngineChecks.moc"
